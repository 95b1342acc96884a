using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// What a receiver can take just now: nothing while it is away, one after the other when it was sent too much. Who pages whom does not count:
/// what one CapID sends must not hold up another's for longer than its turn.
/// </summary>
internal sealed class ReceiverThrottle(TimeProvider time)
{
    /// <summary>After a look at a circuit that is open: somebody else's delivery, of another log, may be the one that tries.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A receiver may throttle each CapID for itself. So a 429 for a CapID of which it was sent another so lately slows
    /// that CapID; for one that sends little, all of them.
    /// </summary>
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(10);

    /// <summary>So that notifiers of several logs do not always try in the same order.</summary>
    private const double Jitter = 0.25;

    private const int MostFailed = 64, MostCaps = 256, MostLimited = 8;

    private readonly HashSet<string> failed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CapAttempts> caps = new(StringComparer.Ordinal);
    private readonly AttemptRate all = new(time);

    /// <summary>Until then it is away.</summary>
    public DateTimeOffset Until { get; private set; }

    public bool IsAway => time.GetUtcNow() < Until;

    /// <summary>Whether it is there again is tried with one delivery alone.</summary>
    public bool IsTrying { get; private set; }

    /// <summary>It was sent too much lately: attempts are made one by one, as fast as it takes them.</summary>
    public bool IsSlow => all.IsLimited;

    /// <summary>
    /// When somebody's next attempt may be made that may not be now; null when that waits for no time.
    /// </summary>
    public DateTimeOffset? NextAt => all.MayStart
        ? caps.Values.Where(cap => !cap.Rate.MayStart).Min(cap => (DateTimeOffset?)cap.Rate.NextAt)
        : all.NextAt;

    public bool MayStart => !IsAway && all.MayStart;

    /// <summary>
    /// Of a receiver that may fail on what some CapIDs send, or wants less of them, the others' deliveries say more.
    /// </summary>
    public bool MayStartOf(string capId) =>
        !((IsTrying || IsSlow) && HasFailed(capId)) && (!caps.TryGetValue(capId, out var cap) || cap.Rate.MayStart);

    /// <summary>It failed on what this CapID sends, or wanted less of it, and has taken nothing since.</summary>
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
            MakeRoom();
            caps.Add(capId, attempts = new CapAttempts(new AttemptRate(time)));
        }

        attempts.Rate.NoteStart();
        (attempts.Before, attempts.Last) = (attempts.Last, time.GetUtcNow());
    }

    /// <summary>Nothing was sent: lately it did nothing but fail.</summary>
    public void NoteAway() => (Until, IsTrying) = (time.GetUtcNow() + (Look * (1 + Random.Shared.NextDouble())), true);

    public void Note(string capId, DeliveryOutcome outcome)
    {
        var cap = caps.GetValueOrDefault(capId);
        if (outcome.Delivered || outcome.IsOfContent)
        {
            (Until, IsTrying) = (default, false);
            failed.Clear();
            if (outcome.Delivered)
            {
                all.NoteTaken();
                cap?.Rate.NoteTaken();
            }
        }
        else if (outcome.Code == DeliveryOutcome.TooMany && cap is not null && (cap.Rate.IsLimited || cap.Last - cap.Before < Lately))
        {
            cap.Rate.NoteTooMany();
            if (caps.Values.Count(one => one.Rate.IsLimited) > MostLimited)
            {
                all.NoteTooMany(); // so many at once are not throttled each for itself
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

            Until = IsTrying ? time.GetUtcNow() + (IWebhookSender.AwayTime * (1 + (Jitter * Random.Shared.NextDouble()))) : Until;
        }
    }

    private void MakeRoom()
    {
        if (caps.Count < MostCaps)
        {
            return;
        }

        var now = time.GetUtcNow();
        foreach (var (quiet, _) in caps.Where(cap => !cap.Value.Rate.IsLimited && now - cap.Value.Last > Lately).ToList())
        {
            caps.Remove(quiet);
        }

        if (caps.Count >= MostCaps)
        {
            caps.Remove(caps.MinBy(cap => (cap.Value.Rate.IsLimited, cap.Value.Last)).Key);
        }
    }

    /// <summary>Attempts with what one CapID sends.</summary>
    private sealed class CapAttempts(AttemptRate rate)
    {
        public AttemptRate Rate => rate;

        public DateTimeOffset Last { get; set; }

        public DateTimeOffset Before { get; set; }
    }
}
