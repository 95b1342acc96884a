using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Heartbeats;
using Orleans;

namespace CapOrleans.Contracts.AuditLog;

/// <summary>One atomic addition to a log: committed as a whole or not at all.</summary>
[GenerateSerializer, Immutable, Alias("cap.append.v1")]
public sealed record Append
{
    /// <summary>The entries in order; may be empty, for example when only an offset moves.</summary>
    [Id(0)] public required IReadOnlyList<EntryDraft> Entries { get; init; }

    /// <summary>The incident that the append's only entry accepts.</summary>
    [Id(1)] public IncidentRow? Incident { get; init; }

    /// <summary>
    /// The append is refused unless this is the newest version of the CapID's context;
    /// version 0 means "not registered".
    /// </summary>
    [Id(2)] public ExpectedVersion? Expected { get; init; }

    /// <summary>
    /// The context that results from the entries; needs <see cref="Expected"/>, the version before it.
    /// </summary>
    [Id(3)] public CapContext? Context { get; init; }

    [Id(4)] public OffsetCommit? Offset { get; init; }

    /// <summary>The range of entries that the append's first entry covers.</summary>
    [Id(5)] public CoveredRange? Cover { get; init; }

    /// <summary>The score correction that the append's only entry makes.</summary>
    [Id(6)] public CorrectionRow? Correction { get; init; }

    /// <summary>The incident that the append's only entry updates.</summary>
    [Id(9)] public IncidentUpdateRow? Update { get; init; }

    /// <summary>New states of deliveries; each replaces the stored row of its delivery.</summary>
    [Id(7)] public IReadOnlyList<DeliveryRow> Deliveries { get; init; } = [];

    /// <summary>
    /// Id of a webhook whose delivery rows in this log are deleted, before <see cref="Deliveries"/> are stored.
    /// </summary>
    [Id(8)] public string? DroppedWebhook { get; init; }

    [Id(10)] public EscalationCommit? Escalations { get; init; }

    [Id(11)] public HeartbeatCommit? Heartbeat { get; init; }
}

/// <param name="Adjustment">What is added to the score, in dCap with four decimals.</param>
[GenerateSerializer, Immutable, Alias("cap.correction-row.v1")]
public sealed record CorrectionRow(
    [property: Id(0)] string CapId,
    [property: Id(1)] string IncidentId,
    [property: Id(2)] decimal Adjustment);

[GenerateSerializer, Immutable, Alias("cap.incident-update-row.v1")]
public sealed record IncidentUpdateRow([property: Id(0)] string CapId, [property: Id(1)] string IncidentId);

/// <param name="Kind">One of the entry kinds.</param>
/// <param name="Bytes">The entry as RFC 8785 canonical JSON, without its index.</param>
[GenerateSerializer, Immutable, Alias("cap.entry-draft.v1")]
public sealed record EntryDraft([property: Id(0)] string Kind, [property: Id(1)] byte[] Bytes);

/// <param name="ContentHash">Hash by which two incidents count as the same: the audit hash, or under full-v2
/// the hash that was signed.</param>
/// <param name="SeverityRank">0 normal, 1 high, 2 escalated, 3 critical.</param>
/// <param name="GroupId">Null when it is in no group.</param>
/// <param name="GroupFirst">Incident id of the group's first incident.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-row.v1")]
public sealed record IncidentRow(
    [property: Id(0)] string CapId,
    [property: Id(1)] string IncidentId,
    [property: Id(2)] byte[] ContentHash,
    [property: Id(3)] int SeverityRank,
    [property: Id(4)] decimal DeltaCap,
    [property: Id(5)] DateTimeOffset AcceptedAt,
    [property: Id(6)] string? GroupId = null,
    [property: Id(7)] string? GroupFirst = null)
{
    public bool IsFirstOfGroup => GroupFirst == IncidentId;
}

[GenerateSerializer, Immutable, Alias("cap.fence.v1")]
public sealed record ExpectedVersion([property: Id(0)] string CapId, [property: Id(1)] long Version, [property: Id(2)] long Revision)
{
    /// <param name="context">Null when the CapID has none yet.</param>
    public static ExpectedVersion Of(string capId, CapContext? context) => new(capId, context?.Version ?? 0, context?.Revision ?? 0);
}

/// <param name="Consumer">For example <c>archive</c>.</param>
/// <param name="From">The append is refused unless this is the consumer's current offset.</param>
/// <param name="To">Index of the first entry that the consumer has not processed; 0 deletes the offset.</param>
[GenerateSerializer, Immutable, Alias("cap.offset-move.v1")]
public sealed record OffsetCommit(
    [property: Id(0)] string Consumer,
    [property: Id(1)] long From,
    [property: Id(2)] long To);

/// <summary>Entries from <paramref name="From"/> up to, but not including, <paramref name="To"/>.</summary>
[GenerateSerializer, Immutable, Alias("cap.cover.v1")]
public sealed record CoveredRange(
    [property: Id(0)] string Kind,
    [property: Id(1)] long From,
    [property: Id(2)] long To);

public enum AppendVerdict
{
    Undecided = 0,

    /// <summary>The append is on disk.</summary>
    Appended = 1,

    /// <summary>The incident was accepted before with the same content.</summary>
    AlreadyAccepted = 2,

    /// <summary>The incident was accepted before with different content.</summary>
    Conflicts = 3,

    /// <summary>Another activation committed a newer context: reload it and judge again.</summary>
    StaleContext = 4,

    /// <summary>Another activation moved the offset: reload it and resume from there.</summary>
    StaleOffset = 5,

    /// <summary>The log's queue is full; nothing was appended.</summary>
    Busy = 6,
}

/// <param name="Index">Index of the first entry appended, or of the existing entry; -1 otherwise.</param>
/// <param name="Existing">The existing entry, for <see cref="AppendVerdict.AlreadyAccepted"/>.</param>
[GenerateSerializer, Immutable, Alias("cap.append-outcome.v1")]
public sealed record AppendOutcome(
    [property: Id(0)] AppendVerdict Verdict,
    [property: Id(1)] long Index = -1,
    [property: Id(2)] byte[]? Existing = null);

/// <param name="Bytes">Canonical JSON of the entry.</param>
[GenerateSerializer, Immutable, Alias("cap.log-entry.v1")]
public sealed record LogEntry(
    [property: Id(0)] long Index,
    [property: Id(1)] string Kind,
    [property: Id(2)] byte[] Bytes);

/// <param name="Origin">The log's name.</param>
/// <param name="Size">Number of entries.</param>
/// <param name="Root">RFC 9162 root over them, 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("cap.log-head.v1")]
public sealed record LogHead(
    [property: Id(0)] string Origin,
    [property: Id(1)] long Size,
    [property: Id(2)] byte[] Root);

/// <param name="HasMore">Whether entries follow the last one.</param>
[GenerateSerializer, Immutable, Alias("cap.entry-slice.v1")]
public sealed record EntrySlice([property: Id(0)] IReadOnlyList<LogEntry> Entries, [property: Id(1)] bool HasMore);
