using System.Globalization;
using System.Security.Cryptography;

namespace CapOrleans.Gate.Spool;

/// <param name="Queue">What keeps its order: the CapID, or apart from it what nobody has proven yet.</param>
/// <param name="Line">The incident as it was sent, on one line.</param>
/// <param name="IsVouched">
/// A list of keys says that its signer may report; of a wallet's claim, that the wallet took one from this address lately.
/// </param>
internal sealed record Arrival(string Queue, string CapId, string IncidentId, byte[] Line, bool IsVouched)
{
    /// <summary>Of the host that sent it, as <see cref="Core.Access.ClientAddress"/> gives it; empty where nobody knows.</summary>
    public string Source { get; init; } = "";

    /// <summary>A contract wallet must be asked about it: few of a queue wait, in a partition of their own.</summary>
    public bool IsClaim { get; init; }

    /// <summary>As its sender says; it goes first where a list of keys vouches for him.</summary>
    public bool IsCritical { get; init; }

    /// <summary>It came by a legacy call, with a word that is no severity.</summary>
    public bool TakesAnySeverity { get; init; }

    public int Partition => !IsClaim ? Partitions.Of(Queue) : IsVouched ? Partitions.Proven : Partitions.Claims;

    public WaitingBytes Bytes => new(IsVouched ? CapId : Source, Line.Length, IsVouched);

    /// <summary>
    /// 32 bytes, of which at most one waits: what was signed and by whom, so that whoever captured an incident and alters what its
    /// signature does not cover adds nothing, and a stranger who signs the same takes nobody's place. Without a proven signer, the line,
    /// and for a wallet's claim the queue: whoever sends another's claim again does not decide where that one waits.
    /// </summary>
    public byte[] Content { get; init; } = SHA256.HashData(Line);

    /// <summary>32 bytes: what has the same <see cref="Content"/> is a duplicate where these are equal, and a conflict otherwise.</summary>
    public byte[] StatementHash { get; init; } = SHA256.HashData(Line);
}

internal enum ArrivalVerdict
{
    Undecided = 0,

    /// <summary>On disk.</summary>
    Kept = 1,

    /// <summary>The same waits already.</summary>
    Duplicate = 2,

    /// <summary>The spool is as large as it may be, or the disk is full, read-only or broken.</summary>
    Full = 3,

    /// <summary>The same waits already, and only now a list of keys vouches for it.</summary>
    Vouched = 4,

    /// <summary>Not kept: the same was signed by the same signer, and waits with other content around it.</summary>
    Conflicts = 5,

    /// <summary>Not kept: from its address, as many claims wait as may; see <see cref="SpoolLimits.MaxClaimsEach"/>.</summary>
    QueueFull = 6,
}

internal enum RetryVerdict
{
    NoSuchLetter = 0,

    /// <summary>It waits again, or the same did already.</summary>
    Waits = 1,

    /// <summary>The letter stays: the same was signed by the same signer, and waits with other content around it.</summary>
    Conflicts = 2,
}

/// <summary>Bytes of incidents that begin to wait, or, below zero, wait no more.</summary>
/// <param name="Owner">
/// Whose share they take: the CapID's where they are vouched for, else the address's that sent them, since strangers can name any
/// CapID.
/// </param>
/// <param name="IsVouched">As of an <see cref="Arrival"/>.</param>
internal readonly record struct WaitingBytes(string Owner, long Count, bool IsVouched)
{
    public static WaitingBytes operator -(WaitingBytes value) => value with { Count = -value.Count };
}

/// <param name="Number">Its place in the order of arrival.</param>
internal sealed record Waiting(
    long Number, string Queue, string CapId, string IncidentId, byte[] Line, DateTimeOffset ReceivedAt, string Source = "")
{
    /// <summary>As of an <see cref="Arrival"/>.</summary>
    public bool TakesAnySeverity { get; init; }

    /// <summary>Its own, once it stepped aside.</summary>
    public string QueueAside => string.Create(CultureInfo.InvariantCulture, $"{CapId}#{Number}");

    public bool IsAside => IsNameAside(Queue);

    /// <summary>No CapID has this character.</summary>
    public static bool IsNameAside(string queue) => queue.Contains('#', StringComparison.Ordinal);
}

/// <summary>What the cluster decided about one that waited: it leaves, into the dead letters when there is a problem.</summary>
internal sealed record Settlement(long Number, int Status, byte[]? Problem);
