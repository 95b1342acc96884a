namespace CapOrleans.Gate.Spool;

/// <param name="MaxBytes">Bytes of waiting incidents; any further one is refused with 507.</param>
/// <param name="MaxAge">An incident that waits longer becomes a dead letter.</param>
public sealed record SpoolLimits(long MaxBytes, TimeSpan MaxAge)
{
    /// <summary>
    /// Most wallet claims that wait from one address, not counting those vouched for by a claim that the wallet
    /// recently accepted from it: anyone can make claims, for any CapID and any wallet.
    /// </summary>
    public const int MaxClaimsEach = 100;

    /// <summary>
    /// Most dead letters that are vouched for, and most that are not. A newer one replaces the oldest of the CapID (if
    /// not vouched for: of the address) that has the most of its kind, so that each pushes out only its own.
    /// </summary>
    public const int MaxVouchedDead = 10_000, MaxUnvouchedDead = 1_000;

    /// <summary>Dead letters with the same signed content: the oldest stay, newer ones are dropped.</summary>
    public const int MaxLettersEach = 10;

    /// <summary>
    /// The bytes that wait of one CapID are at most this many times those still free for vouched-for incidents: however
    /// much one CapID sends, there is space for the others.
    /// </summary>
    public const int ShareOfFree = 3;

    /// <summary>
    /// The part of <see cref="MaxBytes"/> for incidents that no list of keys vouches for; the rest is for the others.
    /// </summary>
    public long MaxUnvouchedBytes => MaxBytes / 4;

    /// <summary>The part of these for one address: a hundredth, but at least 128 KiB.</summary>
    public long MaxUnvouchedBytesEach => Math.Max(MaxUnvouchedBytes / 100, 128 << 10);
}
