using System.ComponentModel.DataAnnotations;
using Orleans;

namespace CapOrleans.Contracts.Caps;

/// <summary>A correction of an incident's dCap: the body of <c>POST /v1/caps/{capId}/corrections</c>.</summary>
/// <param name="DeltaCap">What the dCap should have been: -1,000,000 to 1,000,000, at most four decimals.</param>
/// <param name="Reason">For people; 1 to 256 printable characters, without a space at either end.</param>
[GenerateSerializer, Immutable, Alias("cap.correction.v1")]
public sealed record Correction(
    [property: Id(0), Required] string? IncidentId,
    [property: Id(1), Required] decimal? DeltaCap,
    [property: Id(2), Required] string? Reason);

/// <summary>One change of a score.</summary>
/// <param name="Index">Index of the entry in the CapID's log.</param>
/// <param name="Kind"><c>incident.accepted</c> or <c>score.corrected</c>.</param>
/// <param name="DeltaCap">What was added to the score.</param>
/// <param name="Reason">Reason of a correction; null for an incident.</param>
[GenerateSerializer, Immutable, Alias("cap.score-step.v1")]
public sealed record ScoreStep(
    [property: Id(0)] long Index,
    [property: Id(1)] DateTimeOffset At,
    [property: Id(2), AllowedValues("incident.accepted", "score.corrected")] string Kind,
    [property: Id(3)] string IncidentId,
    [property: Id(4)] decimal DeltaCap,
    [property: Id(5)] string? Reason);

/// <param name="Items">In order; over all pages, their dCap sums up to the score.</param>
/// <param name="Next">Pass it as <c>after</c> to get the next page; null on the last page.</param>
[GenerateSerializer, Immutable, Alias("cap.score-page.v1")]
public sealed record ScorePage(
    [property: Id(0)] IReadOnlyList<ScoreStep> Items,
    [property: Id(1)] long? Next);
