using System.ComponentModel.DataAnnotations;
using CapOrleans.Contracts.Caps;
using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>An action on an accepted incident.</summary>
public enum UpdateAction
{
    Undecided = 0,

    /// <summary>Someone is working on the incident.</summary>
    Acknowledge = 1,

    /// <summary>The incident is over.</summary>
    Resolve = 2,

    /// <summary>The incident is not over after all.</summary>
    Reopen = 3,

    /// <summary>The right of reply: changes no state, and stays with the incident.</summary>
    Respond = 4,
}

/// <summary>
/// The body of <c>POST /v1/incidents/{capId}/{incidentId}/acknowledge</c>, <c>resolve</c>,
/// <c>reopen</c> and <c>response</c>.
/// </summary>
/// <param name="Note">For people; 1 to 1,024 printable characters. Required for a response.</param>
/// <param name="Timestamp">When it was signed, ISO 8601 UTC.</param>
/// <param name="Signature">By a key of the CapID; null for an operator's call.</param>
public sealed record UpdateBody(string? Note = null, string? Timestamp = null, string? Signature = null);

/// <inheritdoc cref="UpdateBody"/>
[GenerateSerializer, Immutable, Alias("cap.update-request.v1")]
public sealed record UpdateRequest(
    [property: Id(0)] UpdateAction Action,
    [property: Id(1)] string? Note,
    [property: Id(2)] string? Timestamp,
    [property: Id(3)] string? Signature);

/// <summary>An update of an accepted incident, with its signature verified.</summary>
/// <param name="Index">Index of the incident's entry.</param>
/// <param name="Reporter">The incident's signer; null when it was accepted as unverified.</param>
/// <param name="By">The address that signed, or the operator's id.</param>
/// <param name="SignedAt">When it was signed; null for an operator.</param>
[GenerateSerializer, Immutable, Alias("cap.proven-update.v1")]
public sealed record ProvenUpdate(
    [property: Id(0)] UpdateRequest Request,
    [property: Id(1)] string IncidentId,
    [property: Id(2)] long Index,
    [property: Id(3)] string Severity,
    [property: Id(4)] string PagingFloor,
    [property: Id(5)] string? Reporter,
    [property: Id(6)] string By,
    [property: Id(7)] string? ByName,
    [property: Id(8)] DateTimeOffset? SignedAt)
{
    /// <summary>
    /// Id of the recovery, the incident that reports that this one is over and carries the signature; null for none.
    /// </summary>
    [Id(9)] public string? Recovery { get; init; }

    /// <summary>Index of the recovery's entry.</summary>
    [Id(10)] public long RecoveryIndex { get; init; }
}

/// <param name="Incident">The incident after the update; null when the update was refused.</param>
[GenerateSerializer, Immutable, Alias("cap.update-ruling.v1")]
public sealed record UpdateRuling(
    [property: Id(0)] CapVerdict Verdict, [property: Id(1)] IncidentView? Incident, [property: Id(2)] Refusal? Refusal);

/// <param name="Index">Index of the update's entry in the incident's log.</param>
/// <param name="By">The address that signed it, or the operator's id.</param>
/// <param name="ByName">The name of an operator's API key; null when there is none.</param>
/// <param name="Signature">Null for an operator's update and for one by a recovery.</param>
/// <param name="Recovery">Id of the recovery, the incident that reported that this one is over and carries the
/// signature; null for none.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-update-view.v1")]
public sealed record IncidentUpdateView(
    [property: Id(0)] long Index,
    [property: Id(1)] DateTimeOffset At,
    [property: Id(2), AllowedValues("acknowledge", "resolve", "reopen", "respond")] string Action,
    [property: Id(3)] string By,
    [property: Id(4)] string? ByName,
    [property: Id(5)] string? Note,
    [property: Id(6)] string? Timestamp,
    [property: Id(7)] string? Signature,
    [property: Id(8)] string? Recovery);
