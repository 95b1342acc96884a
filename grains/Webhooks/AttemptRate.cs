namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// Attempts a second that are taken: halved by what was too much, raised by each success, unlimited again after a
/// while.
/// </summary>
internal sealed class AttemptRate(TimeProvider time)
{
    /// <summary>Several 429 at once are one.</summary>
    private static readonly TimeSpan CutInterval = TimeSpan.FromSeconds(1);

    /// <summary>After the last 429, the limit says nothing any more.</summary>
    private static readonly TimeSpan Lapse = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Attempts a second: after the first 429, at least, one step up after each success, and where there is no limit
    /// any more.
    /// </summary>
    private const double First = 1, Least = 0.2, Step = 0.1, Most = 20;

    private double? perSecond;
    private DateTimeOffset cutAt;

    public bool IsLimited => perSecond is not null && time.GetUtcNow() - cutAt < Lapse;

    /// <summary>When the next attempt may be made; in the past when it may be now.</summary>
    public DateTimeOffset NextAt { get; private set; }

    public bool MayStart => !IsLimited || time.GetUtcNow() >= NextAt;

    public void NoteStart() => NextAt = IsLimited ? time.GetUtcNow() + TimeSpan.FromSeconds(1 / perSecond!.Value) : default;

    public void NoteTaken() => perSecond = perSecond + Step is { } rate && rate < Most ? rate : null;

    public void NoteTooMany()
    {
        var now = time.GetUtcNow();
        if (now - cutAt >= CutInterval)
        {
            (perSecond, cutAt) = (IsLimited ? Math.Max(Least, perSecond!.Value / 2) : First, now);
        }

        NoteStart();
    }
}
