using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// What a receiver can take just now: nothing while it is away, one after the other when it was sent too much. Who pages whom does not count:
/// what one CapID sends must not hold up another's for longer than its turn.
/// </summary>
internal sealed class ReceiverPace(TimeProvider time)
{
    /// <summary>After a look at a circuit that is open: somebody else's delivery, of another log, may be the one that tries.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Several 429 at once are one.</summary>
    private static readonly TimeSpan CutInterval = TimeSpan.FromSeconds(1);

    /// <summary>So that notifiers of several logs do not always try in the same order.</summary>
    private const double Jitter = 0.25;

    /// <summary>Attempts a second: after the first 429, at least, one step up after each success, and where there is no limit any more.</summary>
    private const double First = 1, Least = 0.2, Step = 0.1, Most = 20;

    private const int MostFailed = 64;

    private readonly HashSet<string> failed = new(StringComparer.Ordinal);
    private double? perSecond;
    private DateTimeOffset cutAt;

    /// <summary>Until then it is away.</summary>
    public DateTimeOffset Until { get; private set; }

    public bool IsAway => time.GetUtcNow() < Until;

    /// <summary>Whether it is there again is tried with one delivery alone.</summary>
    public bool IsTrying { get; private set; }

    /// <summary>It was sent too much lately: attempts are made one by one, as fast as it takes them.</summary>
    public bool IsSlow => perSecond is not null;

    /// <summary>When the next attempt may be made, of one that is slow.</summary>
    public DateTimeOffset NextAt { get; private set; }

    public bool MayStart => !IsAway && (!IsSlow || time.GetUtcNow() >= NextAt);

    /// <summary>It failed on what this CapID sends, or wanted less of it, and has taken nothing since: others' deliveries say more.</summary>
    public bool HasFailed(string capId) => failed.Contains(capId);

    /// <returns>False when there was nothing to forget.</returns>
    public bool ForgetFailed()
    {
        var had = failed.Count > 0;
        failed.Clear();
        return had;
    }

    public void NoteStart() => NextAt = perSecond is { } rate ? time.GetUtcNow() + TimeSpan.FromSeconds(1 / rate) : default;

    /// <summary>Nothing was sent: lately it did nothing but fail.</summary>
    public void NoteAway() => (Until, IsTrying) = (time.GetUtcNow() + (Look * (1 + Random.Shared.NextDouble())), true);

    public void Note(string capId, DeliveryOutcome outcome)
    {
        if (outcome.Delivered || outcome.IsOfContent)
        {
            (Until, IsTrying) = (default, false);
            failed.Clear();
            perSecond = perSecond + (outcome.Delivered ? Step : 0) is { } rate && rate < Most ? rate : null;
        }
        else
        {
            _ = failed.Count >= MostFailed && ForgetFailed();
            failed.Add(capId);
            if (outcome.Code == DeliveryOutcome.TooMany)
            {
                Slow();
                return;
            }

            Until = IsTrying ? time.GetUtcNow() + (IWebhookSender.AwayTime * (1 + (Jitter * Random.Shared.NextDouble()))) : Until;
        }
    }

    private void Slow()
    {
        var now = time.GetUtcNow();
        if (now - cutAt >= CutInterval)
        {
            (perSecond, cutAt) = (Math.Max(Least, perSecond / 2 ?? First), now);
        }

        NoteStart();
    }
}
