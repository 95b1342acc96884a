using System.ComponentModel.DataAnnotations;
using Orleans;

namespace CapOrleans.Contracts.Caps;

/// <summary>What an incident's dCap should have been: the body of <c>POST /v1/caps/{capId}/corrections</c>.</summary>
/// <param name="DeltaCap">Within -1,000,000 and 1,000,000, at most four decimals.</param>
/// <param name="Reason">For people; 1 to 256 printable characters, without a space at either end.</param>
[GenerateSerializer, Immutable, Alias("cap.correction.v1")]
public sealed record Correction(
    [property: Id(0), Required] string? IncidentId,
    [property: Id(1), Required] decimal? DeltaCap,
    [property: Id(2), Required] string? Reason);

/// <summary>One step of a score's story.</summary>
/// <param name="Index">Of the entry in the CapID's log.</param>
/// <param name="Kind"><c>incident.accepted</c> or <c>score.corrected</c>.</param>
/// <param name="DeltaCap">What the step added to the score.</param>
/// <param name="Reason">Of a correction; null for an incident.</param>
[GenerateSerializer, Immutable, Alias("cap.score-step.v1")]
public sealed record ScoreStep(
    [property: Id(0)] long Index,
    [property: Id(1)] DateTimeOffset At,
    [property: Id(2), AllowedValues("incident.accepted", "score.corrected")] string Kind,
    [property: Id(3)] string IncidentId,
    [property: Id(4)] decimal DeltaCap,
    [property: Id(5)] string? Reason);

/// <param name="Items">In order; over all pages, the sum of what they added is the score.</param>
/// <param name="Next">Hand it back as <c>after</c> for the next page; null at the end.</param>
[GenerateSerializer, Immutable, Alias("cap.score-page.v1")]
public sealed record ScorePage(
    [property: Id(0)] IReadOnlyList<ScoreStep> Items,
    [property: Id(1)] long? Next);
