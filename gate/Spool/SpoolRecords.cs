using System.Security.Cryptography;
using System.Text.Json;

namespace CapOrleans.Gate.Spool;

/// <param name="Queue">What keeps its order: the CapID, or apart from it what nobody has proven yet.</param>
/// <param name="Line">The incident as it was sent, on one line.</param>
internal sealed record Arrival(string Queue, string CapId, string IncidentId, byte[] Line)
{
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
}

/// <param name="Number">Its place in the order of arrival.</param>
internal sealed record Waiting(long Number, string Queue, string CapId, string IncidentId, byte[] Line, DateTimeOffset ReceivedAt);

/// <summary>What the cluster refused, kept until somebody looks at it.</summary>
/// <param name="Problem">The cluster's problem.</param>
internal sealed record DeadLetter(long Number, string CapId, string IncidentId, JsonElement Incident, DateTimeOffset ReceivedAt, DateTimeOffset RefusedAt, int Status, JsonElement Problem);

/// <summary>What the cluster decided about one that waited: it leaves, into the dead letters when there is a problem.</summary>
internal sealed record Settlement(long Number, int Status, byte[]? Problem);

/// <param name="OldestAt">When the one that has waited longest arrived.</param>
/// <param name="DroppedDead">Dead letters that made room for newer ones, since the start.</param>
/// <param name="Refused">Refused with 507 since the start, because the spool was full.</param>
internal sealed record SpoolCounts(long Waiting, long Bytes, DateTimeOffset? OldestAt, long Dead, long DroppedDead, long Refused);
