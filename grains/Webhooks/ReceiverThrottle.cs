using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// What a receiver can take at the moment: nothing while it is unavailable, one delivery at a time when it was sent too
/// many. Limits apply per CapID as well, so that one CapID's deliveries delay another's by no more than a turn.
/// </summary>
internal sealed class ReceiverThrottle(TimeProvider time)
{
    /// <summary>
    /// Wait after the circuit was found open: another log's delivery may be the one that probes the receiver.
    /// </summary>
    private static readonly TimeSpan CircuitRecheck = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A receiver may throttle each CapID separately. So a 429 for a CapID that had another attempt within this time
    /// slows only that CapID; for a CapID that sends little, it slows all of them.
    /// </summary>
    private static readonly TimeSpan BurstWindow = TimeSpan.FromSeconds(10);

    /// <summary>Jitter, so that the notifiers of several logs do not always probe in the same order.</summary>
    private const double Jitter = 0.25;

    private const int MostFailed = 64, MostCaps = 256, MostLimited = 8;

    private readonly HashSet<string> failed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CapAttempts> caps = new(StringComparer.Ordinal);
    private readonly AttemptRate all = new(time), limited = new(time);

    /// <summary>The receiver counts as unavailable until then.</summary>
    public DateTimeOffset UnavailableUntil { get; private set; }

    public bool IsAway => time.GetUtcNow() < UnavailableUntil;

    /// <summary>Whether the receiver is being probed with a single delivery.</summary>
    public bool IsProbing { get; private set; }

    /// <summary>
    /// Whether the receiver throttles deliveries as a whole: attempts are then made one at a time, at the rate it
    /// accepts.
    /// </summary>
    public bool IsSlow => all.IsLimited;

    /// <summary>
    /// When the rate limits next allow an attempt that they hold back now; null when they hold back none.
    /// </summary>
    public DateTimeOffset? NextAt
    {
        get
        {
            if (!all.MayStart)
            {
                return all.NextAt;
            }

            var next = caps.Values.Where(cap => !MayStartAt(cap.Rate)).Min(cap => (DateTimeOffset?)cap.Rate.NextAt);
            return next is null || limited.MayStart || next > limited.NextAt ? next : limited.NextAt;
        }
    }

    public bool MayStart => !IsAway && all.MayStart;

    /// <summary>
    /// Whether an attempt for this CapID may start. A receiver may fail on or throttle only some CapIDs, so while it is
    /// being probed or throttles as a whole, CapIDs that failed are held back in favour of the others.
    /// </summary>
    public bool MayStartOf(string capId) =>
        !((IsProbing || IsSlow) && HasFailed(capId)) && (!caps.TryGetValue(capId, out var cap) || MayStartAt(cap.Rate));

    /// <summary>
    /// Whether the receiver failed on this CapID's deliveries, or throttled them, and has accepted nothing since.
    /// </summary>
    public bool HasFailed(string capId) => failed.Contains(capId);

    /// <returns>False when there was nothing to forget.</returns>
    public bool ForgetFailed()
    {
        var had = failed.Count > 0;
        failed.Clear();
        return had;
    }

    public void NoteStart(string capId)
    {
        all.NoteStart();
        var attempts = caps.TryGetValue(capId, out var known) ? known : null;
        if (attempts is null)
        {
            Evict();
            caps.Add(capId, attempts = new CapAttempts(new AttemptRate(time)));
        }

        if (attempts.Rate.IsLimited)
        {
            limited.NoteStart();
        }

        attempts.Rate.NoteStart();
        (attempts.Before, attempts.Last) = (attempts.Last, time.GetUtcNow());
    }

    /// <summary>Records that nothing was sent, because the circuit is open.</summary>
    public void NoteCircuitOpen() => (UnavailableUntil, IsProbing) = (time.GetUtcNow() + (CircuitRecheck * (1 + Random.Shared.NextDouble())), true);

    /// <param name="hasBacklog">Whether more deliveries of the CapID wait: then a 429 is due to that CapID.</param>
    public void Note(string capId, DeliveryOutcome outcome, bool hasBacklog = false)
    {
        var cap = caps.GetValueOrDefault(capId);
        if (outcome.Delivered || outcome.IsContentRefusal)
        {
            (UnavailableUntil, IsProbing) = (default, false);
            failed.Clear();
            if (outcome.Delivered)
            {
                all.NoteAccepted();
                if (cap?.Rate.IsLimited == true)
                {
                    limited.NoteAccepted();
                }

                cap?.Rate.NoteAccepted();
            }
        }
        else if (outcome.Code == DeliveryOutcome.TooMany && cap is not null
            && (hasBacklog || cap.Rate.IsLimited || cap.Last - cap.Before < BurstWindow))
        {
            cap.Rate.NoteTooMany();
            if (caps.Values.Count(one => one.Rate.IsLimited) > MostLimited)
            {
                limited.NoteTooMany(); // so many together are limited together, and nobody else with them
            }
        }
        else
        {
            _ = failed.Count >= MostFailed && ForgetFailed();
            failed.Add(capId);
            if (outcome.Code == DeliveryOutcome.TooMany)
            {
                all.NoteTooMany();
                return;
            }

            UnavailableUntil = IsProbing ? time.GetUtcNow() + (IWebhookSender.CircuitBreakDuration * (1 + (Jitter * Random.Shared.NextDouble()))) : UnavailableUntil;
        }
    }

    /// <summary>CapIDs that the receiver throttles share a rate when they are many; the others are not slowed.</summary>
    private bool MayStartAt(AttemptRate cap) => cap.MayStart && (!cap.IsLimited || limited.MayStart);

    private void Evict()
    {
        if (caps.Count < MostCaps)
        {
            return;
        }

        var now = time.GetUtcNow();
        foreach (var (quiet, _) in caps.Where(cap => !cap.Value.Rate.IsLimited && now - cap.Value.Last > BurstWindow).ToList())
        {
            caps.Remove(quiet);
        }

        if (caps.Count >= MostCaps)
        {
            caps.Remove(caps.MinBy(cap => (cap.Value.Rate.IsLimited, cap.Value.Last)).Key);
        }
    }

    /// <summary>Attempts to deliver one CapID's entries.</summary>
    private sealed class CapAttempts(AttemptRate rate)
    {
        public AttemptRate Rate => rate;

        public DateTimeOffset Last { get; set; }

        public DateTimeOffset Before { get; set; }
    }
}
