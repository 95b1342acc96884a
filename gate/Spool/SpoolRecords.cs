using System.Globalization;
using System.Security.Cryptography;

namespace CapOrleans.Gate.Spool;

/// <param name="Queue">
/// The queue within which order is kept: the CapID; for a wallet claim, the CapID with the wallet and the address.
/// </param>
/// <param name="Line">The request body on one line.</param>
/// <param name="IsVouched">
/// A list of keys authorises the signer; for a wallet claim, the wallet recently accepted one from this address.
/// </param>
internal sealed record Arrival(string Queue, string CapId, string IncidentId, byte[] Line, bool IsVouched)
{
    /// <summary>
    /// Address of the host that sent it, as <see cref="Core.Access.ClientAddress"/> normalises it; empty when unknown.
    /// </summary>
    public string Source { get; init; } = "";

    /// <summary>
    /// Whether a contract wallet must be asked about it: such incidents wait in partitions of their own, and few of one
    /// address.
    /// </summary>
    public bool IsWalletClaim { get; init; }

    /// <summary>Whether the sender claims that it is critical; it goes first if vouched for.</summary>
    public bool IsCritical { get; init; }

    /// <summary>Whether it came by a legacy call, with a severity that is not on the ladder.</summary>
    public bool TakesAnySeverity { get; init; }

    public int Partition => !IsWalletClaim ? Partitions.Of(Queue) : IsVouched ? Partitions.Proven : Partitions.Claims;

    public WaitingBytes Bytes => new(IsVouched ? CapId : Source, Line.Length, IsVouched);

    /// <summary>
    /// 32 bytes, of which at most one incident waits: they identify what was signed and by whom, so that a captured
    /// incident adds nothing when it is altered where the signature does not cover it, and a stranger who signs the
    /// same fields does not take the original's place. Without a proven signer, they identify the line; for a wallet
    /// claim also the queue, so that replaying another address's claim does not decide where the original waits.
    /// </summary>
    public byte[] Content { get; init; } = SHA256.HashData(Line);

    /// <summary>
    /// 32 bytes: an arrival with the same <see cref="Content"/> is a duplicate where these are equal, and a conflict
    /// otherwise.
    /// </summary>
    public byte[] StatementHash { get; init; } = SHA256.HashData(Line);
}

internal enum ArrivalVerdict
{
    Undecided = 0,

    /// <summary>On disk.</summary>
    Kept = 1,

    /// <summary>The same incident waits already.</summary>
    Duplicate = 2,

    /// <summary>The spool's quota is used up, or the disk is full, read-only or broken.</summary>
    Full = 3,

    /// <summary>The same incident waits already, and is vouched for from now on.</summary>
    Vouched = 4,

    /// <summary>Not stored: what the same signer signed waits already, with other unsigned content.</summary>
    Conflicts = 5,

    /// <summary>
    /// Not stored: as many claims from its address wait as may, see <see cref="SpoolLimits.MaxClaimsEach"/>.
    /// </summary>
    QueueFull = 6,
}

internal enum RetryVerdict
{
    NoSuchLetter = 0,

    /// <summary>The incident waits again, or the same one did already.</summary>
    Queued = 1,

    /// <summary>The letter stays: what the same signer signed waits already, with other unsigned content.</summary>
    Conflicts = 2,
}

/// <summary>Bytes of incidents that start to wait or, below zero, no longer wait.</summary>
/// <param name="Owner">
/// Whose share they take: the CapID's when vouched for, otherwise the sending address's, since strangers can name any
/// CapID.
/// </param>
/// <param name="IsVouched">See <see cref="Arrival"/>.</param>
internal readonly record struct WaitingBytes(string Owner, long Count, bool IsVouched)
{
    public static WaitingBytes operator -(WaitingBytes value) => value with { Count = -value.Count };
}

/// <param name="Number">Position in the order of arrival.</param>
internal sealed record Waiting(
    long Number, string Queue, string CapId, string IncidentId, byte[] Line, DateTimeOffset ReceivedAt, string Source = "")
{
    /// <summary>See <see cref="Arrival"/>.</summary>
    public bool TakesAnySeverity { get; init; }

    /// <summary>The queue of this incident alone, for when it steps aside.</summary>
    public string QueueAside => string.Create(CultureInfo.InvariantCulture, $"{CapId}#{Number}");

    public bool IsAside => IsNameAside(Queue);

    /// <summary>No CapID contains this character.</summary>
    public static bool IsNameAside(string queue) => queue.Contains('#', StringComparison.Ordinal);
}

/// <summary>
/// The cluster's decision on a waiting incident: it leaves, and becomes a dead letter when there is a problem.
/// </summary>
internal sealed record Settlement(long Number, int Status, byte[]? Problem);
