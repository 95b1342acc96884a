using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Access;
using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>An accepted incident as readers see it: <c>GET /v1/incidents/{capId}/{incidentId}</c>.</summary>
/// <param name="Timestamp">The signed time, exactly as it was spelled.</param>
/// <param name="Severity">After w_E escalation.</param>
/// <param name="Signer">The address that the signature proves; null when the incident was
/// accepted as unverified.</param>
/// <param name="Scheme"><c>identity-v1</c>, <c>full-v2</c> or <c>unverified</c>.</param>
/// <param name="CapPotential">The CapID's Cap^P when the incident was judged.</param>
/// <param name="State"><c>open</c>, <c>acknowledged</c> or <c>resolved</c>: of an incident that was never updated itself,
/// the state of its group's first.</param>
/// <param name="Updates">All updates in order; pages, streams and the response to an update have a
/// single one, the newest.</param>
/// <param name="UpdateCount">Number of all updates.</param>
/// <param name="Group">The incidents that it is grouped with; null when there is no group.</param>
/// <param name="Integration">What filed it with a key instead of a signature; null for none.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-view.v1")]
public sealed record IncidentView(
    [property: Id(0)] string IncidentId,
    [property: Id(1)] string CapId,
    [property: Id(2)] string Agent,
    [property: Id(3)] string Timestamp,
    [property: Id(4)] string Severity,
    [property: Id(5)] string Description,
    [property: Id(6)] string? Signer,
    [property: Id(7), AllowedValues("identity-v1", "full-v2", "unverified")] string Scheme,
    [property: Id(9)] decimal Feedback,
    [property: Id(10)] decimal Misuse,
    [property: Id(11)] decimal CapPotential,
    [property: Id(12), JsonPropertyName("wE")] decimal WE,
    [property: Id(13)] decimal DeltaCap,
    [property: Id(14)] string AuditHash,
    [property: Id(15)] DateTimeOffset AcceptedAt,
    [property: Id(16)] LogPosition Log,
    [property: Id(17)] ArchiveReference Archive,
    [property: Id(18)] AnchorReference Anchor,
    [property: Id(19)] IReadOnlyList<CorrectionView> Corrections,
    [property: Id(20), AllowedValues("open", "acknowledged", "resolved")] string State,
    [property: Id(21)] IReadOnlyList<IncidentUpdateView> Updates,
    [property: Id(22)] int UpdateCount,
    [property: Id(23)] IncidentGroup? Group = null,
    [property: Id(24)] IntegrationReference? Integration = null);

/// <summary>A correction of an incident's dCap.</summary>
/// <param name="Index">Index of the correction's entry in the incident's log.</param>
/// <param name="DeltaCap">The corrected dCap.</param>
/// <param name="Adjustment">What was added to the score.</param>
/// <param name="By">The operator who made it.</param>
[GenerateSerializer, Immutable, Alias("cap.correction-view.v1")]
public sealed record CorrectionView(
    [property: Id(0)] long Index,
    [property: Id(1)] DateTimeOffset At,
    [property: Id(2)] decimal DeltaCap,
    [property: Id(3)] decimal Adjustment,
    [property: Id(4)] string Reason,
    [property: Id(5)] string By);

[GenerateSerializer, Immutable, Alias("cap.log-position.v1")]
public sealed record LogPosition(
    [property: Id(0)] string Origin,
    [property: Id(1)] long Index,
    [property: Id(2)] string LeafHash);

/// <param name="Status"><c>pending</c> or <c>archived</c>.</param>
[GenerateSerializer, Immutable, Alias("cap.archive-reference.v1")]
public sealed record ArchiveReference(
    [property: Id(0), AllowedValues("pending", "archived")] string Status, [property: Id(1)] string Cid);

/// <param name="Status"><c>pending</c>; <c>included</c>: in a block with too few confirmations, which may still be
/// lost; <c>anchored</c>. The other members are null while pending.</param>
[GenerateSerializer, Immutable, Alias("cap.anchor-reference.v1")]
public sealed record AnchorReference(
    [property: Id(0), AllowedValues("pending", "included", "anchored")] string Status,
    [property: Id(1)] long? ChainId,
    [property: Id(2)] string? Contract,
    [property: Id(3)] string? Transaction,
    [property: Id(4)] long? Block);

/// <param name="Next">Pass it as <c>cursor</c> to get the next page; null on the last page.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-page.v1")]
public sealed record IncidentPage(
    [property: Id(0)] IReadOnlyList<IncidentView> Items,
    [property: Id(1)] string? Next);

/// <summary>Filter and position of a page of incidents; a null filter does not apply.</summary>
/// <param name="Severities">Any of these.</param>
/// <param name="From">Accepted at or after this time.</param>
/// <param name="To">Accepted before this time.</param>
/// <param name="After">Position (log * 2^40 + index) after which the page starts; -1 for the beginning.</param>
/// <param name="Limit">1 to 500.</param>
/// <param name="AfterMilliseconds">When ordered by acceptance: acceptance time, in Unix milliseconds, of the incident
/// at <paramref name="After"/>.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-query.v1")]
public sealed record IncidentQuery(
    [property: Id(0)] string? CapId,
    [property: Id(7)] IReadOnlyList<string>? Severities,
    [property: Id(2)] DateTimeOffset? From,
    [property: Id(3)] DateTimeOffset? To,
    [property: Id(4)] long After,
    [property: Id(5)] int Limit,
    [property: Id(6)] long AfterMilliseconds = -1,
    [property: Id(8)] bool IsNewestFirst = false)
{
    /// <summary>Whether the order is by time of acceptance; otherwise it is by log, then by index.</summary>
    public bool IsByTime => IsNewestFirst || From is not null || To is not null;
}

/// <summary>
/// A record of the legacy <c>GET /audit_log</c>, and the body sent to webhooks of the legacy format; member names
/// and order are the legacy ones.
/// </summary>
[GenerateSerializer, Immutable, Alias("cap.audit-record.v1")]
public sealed record AuditRecord(
    [property: Id(0)] string IncidentId,
    [property: Id(1)] string CapId,
    [property: Id(2)] string Agent,
    [property: Id(3)] string Severity,
    [property: Id(4)] string Description,
    [property: Id(5)] string Timestamp,
    [property: Id(6)] string AuditHash);

/// <param name="Items">Records with their times of acceptance.</param>
/// <param name="Next">Index after which the next page starts; null on the last page.</param>
[GenerateSerializer, Immutable, Alias("cap.record-page.v1")]
public sealed record RecordPage(
    [property: Id(0)] IReadOnlyList<(DateTimeOffset AcceptedAt, AuditRecord Record)> Items,
    [property: Id(1)] long? Next);
