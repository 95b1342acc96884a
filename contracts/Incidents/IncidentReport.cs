using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>An incident as a host sent it, parsed once and kept verbatim.</summary>
/// <remarks>Its creator has checked shape and identifiers; the signature is not checked yet.</remarks>
[GenerateSerializer, Immutable, Alias("cap.incident-report.v1")]
public sealed record IncidentReport
{
    /// <summary>1 to 128 characters of <c>A-Z a-z 0-9 . _ : -</c>; unique within its CapID forever.</summary>
    [Id(0)] public required string IncidentId { get; init; }

    /// <summary>The responsible CapID; same alphabet as <see cref="IncidentId"/>.</summary>
    [Id(1)] public required string CapId { get; init; }

    /// <summary>
    /// Name of the reporter. 1 to 256 printable characters; without <c>|</c> unless every field is signed.
    /// </summary>
    [Id(2)] public required string Agent { get; init; }

    /// <summary>The signed time, exactly as it was spelled.</summary>
    [Id(3)] public required string TimestampText { get; init; }

    /// <summary><see cref="TimestampText"/> as an instant.</summary>
    [Id(4)] public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Lower case, at most 32 characters; <c>normal</c> when the sender gave none.</summary>
    [Id(5)] public required string SeverityClaimed { get; init; }

    /// <summary>At most 8 KiB as UTF-8.</summary>
    [Id(6)] public required string Description { get; init; }

    /// <summary>The address that the sender claims to have signed with, as it was spelled; null when absent.</summary>
    [Id(7)] public string? SignerClaimed { get; init; }

    /// <summary>As it was spelled; null when the incident is unsigned.</summary>
    [Id(8)] public string? Signature { get; init; }

    /// <summary>F_E, within [0,1]; 0 when absent.</summary>
    [Id(9)] public required decimal Feedback { get; init; }

    /// <summary>M_E, within [0,1]; 0 when absent.</summary>
    [Id(10)] public required decimal Misuse { get; init; }

    /// <summary>Cap^P as the sender claims it. Kept but never used: the Cap^P in the CapID's context counts.</summary>
    [Id(11)] public decimal? CapPotentialClaimed { get; init; }

    /// <summary>The request's JSON, verbatim. At most 64 KiB as UTF-8.</summary>
    [Id(12)] public required string Request { get; init; }

    /// <summary>SHA-256 of the request in reference canonical JSON, 64 lower-case hex digits.</summary>
    [Id(13)] public required string AuditHash { get; init; }

    /// <summary><c>identity-v1</c>, the default when the sender gives none, or <c>full-v2</c>.</summary>
    [Id(14)] public required string Scheme { get; init; }

    /// <summary>The severity exactly as the sender spelled it.</summary>
    [Id(15)] public required string SeverityText { get; init; }

    /// <summary>A CID, or empty. Read under <c>full-v2</c> only; empty under <c>identity-v1</c>.</summary>
    [Id(16)] public string Evidence { get; init; } = "";

    /// <summary>
    /// Whether it arrived through a legacy call: its severity may then be any text, whatever the CapID's policy.
    /// </summary>
    [Id(17)] public bool TakesAnySeverity { get; init; }

    /// <summary>
    /// Names of unknown members, at most 5; null when there are none. The members themselves are kept.
    /// </summary>
    [Id(18)] public IReadOnlyList<string>? UnreadMembers { get; init; }

    /// <summary>1 to 255 printable characters; null when absent, and always under <c>full-v2</c>.</summary>
    [Id(19)] public string? DedupKey { get; init; }
}
