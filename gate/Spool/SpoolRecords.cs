using System.Security.Cryptography;
using System.Text.Json;

namespace CapOrleans.Gate.Spool;

/// <param name="Queue">What keeps its order: the CapID, or apart from it what nobody has proven yet.</param>
/// <param name="Line">The incident as it was sent, on one line.</param>
/// <param name="IsVouched">A list of keys says that its signer may report.</param>
internal sealed record Arrival(string Queue, string CapId, string IncidentId, byte[] Line, bool IsVouched)
{
    public WaitingBytes Bytes => new(Line.Length, IsVouched ? 0 : Line.Length);

    /// <summary>Only the same to the letter is the same: what else it may be is the cluster's to say.</summary>
    public byte[] Content { get; } = SHA256.HashData(Line);
}

internal enum ArrivalVerdict
{
    Undecided = 0,

    /// <summary>On disk.</summary>
    Kept = 1,

    /// <summary>The same waits already.</summary>
    KeptBefore = 2,

    /// <summary>The spool is as large as it may be, or the disk is full.</summary>
    Full = 3,

    /// <summary>The same waits already, and only now a list of keys vouches for it.</summary>
    Vouched = 4,
}

/// <param name="All">Bytes of incidents that wait.</param>
/// <param name="Unvouched">Of these, what no list of keys vouches for.</param>
internal readonly record struct WaitingBytes(long All, long Unvouched)
{
    public static WaitingBytes operator +(WaitingBytes left, WaitingBytes right) =>
        new(left.All + right.All, left.Unvouched + right.Unvouched);

    public static WaitingBytes operator -(WaitingBytes value) => new(-value.All, -value.Unvouched);
}

/// <param name="Number">Its place in the order of arrival.</param>
internal sealed record Waiting(long Number, string Queue, string CapId, string IncidentId, byte[] Line, DateTimeOffset ReceivedAt);

/// <summary>What the cluster refused, kept until somebody looks at it.</summary>
/// <param name="Problem">The cluster's problem.</param>
/// <param name="IsVouched">A list of keys, or what the cluster refused it for, says that its signer may report.</param>
internal sealed record DeadLetter(
    long Number, string CapId, string IncidentId, JsonElement Incident, DateTimeOffset ReceivedAt, DateTimeOffset RefusedAt, int Status,
    JsonElement Problem, bool IsVouched);

/// <summary>What the cluster decided about one that waited: it leaves, into the dead letters when there is a problem.</summary>
internal sealed record Settlement(long Number, int Status, byte[]? Problem);

/// <param name="UnvouchedBytes">Of the bytes, what no list of keys vouches for.</param>
/// <param name="OldestAt">When the one that has waited longest arrived.</param>
/// <param name="DroppedDead">Dead letters that made room for newer ones, since the start.</param>
/// <param name="Refused">Refused with 507 since the start, because the spool was full.</param>
internal sealed record SpoolCounts(long Waiting, long Bytes, long UnvouchedBytes, DateTimeOffset? OldestAt, long Dead, long DroppedDead, long Refused);
