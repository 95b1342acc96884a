namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// An adaptive rate limit for delivery attempts: halved by a 429, raised by each success, and lifted after a while.
/// </summary>
internal sealed class AttemptRate(TimeProvider time)
{
    /// <summary>Several 429s within this time count as one.</summary>
    private static readonly TimeSpan CutInterval = TimeSpan.FromSeconds(1);

    /// <summary>Time after the last counted 429 at which the limit lapses.</summary>
    private static readonly TimeSpan Lapse = TimeSpan.FromMinutes(1);

    /// <summary>
    /// In attempts per second: the limit after the first 429, the lowest limit, the increase per success, and the rate
    /// at which the limit is lifted.
    /// </summary>
    private const double InitialRate = 1, MinRate = 0.2, RateIncrease = 0.1, LiftedAtRate = 20;

    private double? perSecond;
    private DateTimeOffset cutAt;

    public bool IsLimited => perSecond is not null && time.GetUtcNow() - cutAt < Lapse;

    /// <summary>When the next attempt may be made; in the past if it may be made now.</summary>
    public DateTimeOffset NextAt { get; private set; }

    public bool MayStart => !IsLimited || time.GetUtcNow() >= NextAt;

    public void NoteStart() => NextAt = IsLimited ? time.GetUtcNow() + TimeSpan.FromSeconds(1 / perSecond!.Value) : default;

    public void NoteAccepted() => perSecond = perSecond + RateIncrease is { } rate && rate < LiftedAtRate ? rate : null;

    public void NoteTooMany()
    {
        var now = time.GetUtcNow();
        if (now - cutAt >= CutInterval)
        {
            (perSecond, cutAt) = (IsLimited ? Math.Max(MinRate, perSecond!.Value / 2) : InitialRate, now);
        }

        NoteStart();
    }
}
