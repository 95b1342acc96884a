using CapOrleans.Contracts.Caps;
using Orleans;

namespace CapOrleans.Contracts.AuditLog;

/// <summary>One indivisible addition to a log: all of it is committed, or none.</summary>
[GenerateSerializer, Immutable, Alias("cap.append.v1")]
public sealed record Append
{
    /// <summary>In order; may be empty when only an offset moves.</summary>
    [Id(0)] public required IReadOnlyList<EntryDraft> Entries { get; init; }

    /// <summary>The incident that the one entry accepts.</summary>
    [Id(1)] public IncidentRow? Incident { get; init; }

    /// <summary>Refused unless this is the newest version of the CapID's context; version 0 stands for "not registered".</summary>
    [Id(2)] public ExpectedVersion? Expected { get; init; }

    /// <summary>The context that the entries make; needs <see cref="Expected"/>, the version before it.</summary>
    [Id(3)] public CapContext? Context { get; init; }

    [Id(4)] public OffsetCommit? Offset { get; init; }

    /// <summary>The range of entries that this append's first entry speaks for.</summary>
    [Id(5)] public Cover? Cover { get; init; }

    /// <summary>What the one entry adds to a score.</summary>
    [Id(6)] public CorrectionRow? Correction { get; init; }

    /// <summary>The incident that the one entry updates.</summary>
    [Id(9)] public IncidentUpdateRow? Update { get; init; }

    /// <summary>What became of deliveries; each replaces what was known of its delivery before.</summary>
    [Id(7)] public IReadOnlyList<DeliveryRow> Deliveries { get; init; } = [];

    /// <summary>A webhook of which nothing is kept any more.</summary>
    [Id(8)] public string? DroppedWebhook { get; init; }

    [Id(10)] public EscalationCommit? Escalations { get; init; }
}

/// <param name="Adjustment">dCap, four decimals.</param>
[GenerateSerializer, Immutable, Alias("cap.correction-row.v1")]
public sealed record CorrectionRow(
    [property: Id(0)] string CapId,
    [property: Id(1)] string IncidentId,
    [property: Id(2)] decimal Adjustment);

[GenerateSerializer, Immutable, Alias("cap.incident-update-row.v1")]
public sealed record IncidentUpdateRow([property: Id(0)] string CapId, [property: Id(1)] string IncidentId);

/// <param name="Kind">One of the entry kinds.</param>
/// <param name="Bytes">The entry, RFC 8785 canonical JSON, without its index.</param>
[GenerateSerializer, Immutable, Alias("cap.entry-draft.v1")]
public sealed record EntryDraft([property: Id(0)] string Kind, [property: Id(1)] byte[] Bytes);

/// <param name="ContentHash">What makes it the same incident; the audit hash, under full-v2 the hash that was signed.</param>
/// <param name="SeverityRank">0 normal, 1 high, 2 escalated, 3 critical.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-row.v1")]
public sealed record IncidentRow(
    [property: Id(0)] string CapId,
    [property: Id(1)] string IncidentId,
    [property: Id(2)] byte[] ContentHash,
    [property: Id(3)] int SeverityRank,
    [property: Id(4)] decimal DeltaCap,
    [property: Id(5)] DateTimeOffset AcceptedAt);

[GenerateSerializer, Immutable, Alias("cap.fence.v1")]
public sealed record ExpectedVersion([property: Id(0)] string CapId, [property: Id(1)] long Version, [property: Id(2)] long Revision)
{
    /// <param name="context">Null for none yet.</param>
    public static ExpectedVersion Of(string capId, CapContext? context) => new(capId, context?.Version ?? 0, context?.Revision ?? 0);
}

/// <param name="Consumer">For example <c>archive</c>.</param>
/// <param name="From">Refused unless the offset stands here.</param>
/// <param name="To">Index of the first entry that the consumer has not dealt with; 0 leaves nothing of the offset.</param>
[GenerateSerializer, Immutable, Alias("cap.offset-move.v1")]
public sealed record OffsetCommit(
    [property: Id(0)] string Consumer,
    [property: Id(1)] long From,
    [property: Id(2)] long To);

/// <summary>Entries <paramref name="From"/> up to, not including, <paramref name="To"/>.</summary>
[GenerateSerializer, Immutable, Alias("cap.cover.v1")]
public sealed record Cover(
    [property: Id(0)] string Kind,
    [property: Id(1)] long From,
    [property: Id(2)] long To);

public enum AppendVerdict
{
    Undecided = 0,

    /// <summary>On disk.</summary>
    Appended = 1,

    /// <summary>The incident was accepted before with the same content.</summary>
    AlreadyThere = 2,

    /// <summary>The incident was accepted before with other content.</summary>
    Conflicts = 3,

    /// <summary>Another activation holds a newer context: load it and judge again.</summary>
    StaleContext = 4,

    /// <summary>Another activation moved the offset: load it and start there.</summary>
    StaleOffset = 5,

    /// <summary>The log's queue is full; nothing was kept.</summary>
    Busy = 6,
}

/// <param name="Index">Index of the first entry appended, or of the entry that was there; -1 otherwise.</param>
/// <param name="Existing">The entry that was there, for <see cref="AppendVerdict.AlreadyThere"/>.</param>
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

/// <param name="HasMore">There is something behind the last one.</param>
[GenerateSerializer, Immutable, Alias("cap.entry-slice.v1")]
public sealed record EntrySlice([property: Id(0)] IReadOnlyList<LogEntry> Entries, [property: Id(1)] bool HasMore);
