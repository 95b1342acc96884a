namespace CapOrleans.Gate.Spool;

/// <param name="MaxBytes">Of the incidents that wait; one more is refused with 507.</param>
/// <param name="MaxAge">Longer than this nothing waits: it becomes a dead letter.</param>
public sealed record SpoolLimits(long MaxBytes, TimeSpan MaxAge)
{
    /// <summary>
    /// What waits at most from one address until contract wallets were asked that took nothing from it lately: anyone can make such, for any
    /// CapID and any wallet.
    /// </summary>
    public const int MaxClaimsEach = 100;

    /// <summary>
    /// Dead letters that are kept, each kind by itself. A newer one takes the place of the oldest of its kind; among unvouched ones, of the
    /// oldest from the address that has the most of them, so that one address pushes out only its own.
    /// </summary>
    public const int MaxVouchedDead = 10_000, MaxUnvouchedDead = 1_000;

    /// <summary>Dead letters of one signed content: the oldest stay, whatever comes after them.</summary>
    public const int MaxLettersEach = 10;

    /// <summary>
    /// What waits of one CapID is at most so many times what is free for those like it: however much one sends, there is room for the
    /// others.
    /// </summary>
    public const int ShareOfFree = 3;

    /// <summary>
    /// Of the bytes, those that are for incidents that no list of keys vouches for; the others are for those that one does.
    /// </summary>
    public long MaxUnvouchedBytes => MaxBytes / 4;

    /// <summary>And of these, what one address may have: a hundredth, and 128 KiB at least.</summary>
    public long MaxUnvouchedBytesEach => Math.Max(MaxUnvouchedBytes / 100, 128 << 10);
}
