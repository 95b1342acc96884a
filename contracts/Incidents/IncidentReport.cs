using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>An incident as a host sent it, read once and kept to the letter.</summary>
/// <remarks>
/// Shape and identifiers have been checked by whoever made it; nothing is known yet about who signed it.
/// </remarks>
[GenerateSerializer, Immutable, Alias("cap.incident-report.v1")]
public sealed record IncidentReport
{
    /// <summary>1 to 128 characters of <c>A-Z a-z 0-9 . _ : -</c>; unique within its CapID, for ever.</summary>
    [Id(0)] public required string IncidentId { get; init; }

    /// <summary>The CapID that is responsible; same alphabet as <see cref="IncidentId"/>.</summary>
    [Id(1)] public required string CapId { get; init; }

    /// <summary>Who reports. 1 to 256 printable characters; without <c>|</c> unless every field is signed.</summary>
    [Id(2)] public required string Agent { get; init; }

    /// <summary>The time as it was signed, spelling kept.</summary>
    [Id(3)] public required string TimestampText { get; init; }

    /// <summary><see cref="TimestampText"/> as an instant.</summary>
    [Id(4)] public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Lower case, at most 32 characters; <c>normal</c> when the sender gave none.</summary>
    [Id(5)] public required string SeverityClaimed { get; init; }

    /// <summary>At most 8 KiB as UTF-8.</summary>
    [Id(6)] public required string Description { get; init; }

    /// <summary>The address the sender says it signed with, as it was written; null when absent.</summary>
    [Id(7)] public string? SignerClaimed { get; init; }

    /// <summary>As it was written; null when the incident is unsigned.</summary>
    [Id(8)] public string? Signature { get; init; }

    /// <summary>F_E, within [0,1]; 0 when absent.</summary>
    [Id(9)] public required decimal Feedback { get; init; }

    /// <summary>M_E, within [0,1]; 0 when absent.</summary>
    [Id(10)] public required decimal Misuse { get; init; }

    /// <summary>Cap^P as the sender claims it. Kept, never used: the CapID's grain holds the one that counts.</summary>
    [Id(11)] public decimal? CapPotentialClaimed { get; init; }

    /// <summary>The request's JSON, to the letter. At most 64 KiB as UTF-8.</summary>
    [Id(12)] public required string Request { get; init; }

    /// <summary>SHA-256 of the request in reference canonical JSON, 64 lower-case hex digits.</summary>
    [Id(13)] public required string AuditHash { get; init; }

    /// <summary><c>identity-v1</c>, which is also meant when the sender says nothing, or <c>full-v2</c>.</summary>
    [Id(14)] public required string Scheme { get; init; }

    /// <summary>The severity as it was signed, spelling kept.</summary>
    [Id(15)] public required string SeverityText { get; init; }

    /// <summary>A CID, or empty. Read under <c>full-v2</c> only: before, it was a member like any other.</summary>
    [Id(16)] public string Evidence { get; init; } = "";

    /// <summary>It came by a legacy call: its severity may be any word, whatever the CapID's policy says.</summary>
    [Id(17)] public bool TakesAnySeverity { get; init; }

    /// <summary>Names of the first members that nobody reads; they are kept. Null when there is none.</summary>
    [Id(18)] public IReadOnlyList<string>? UnreadMembers { get; init; }
}
