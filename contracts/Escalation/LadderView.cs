using System.ComponentModel.DataAnnotations;

namespace CapOrleans.Contracts.Escalation;

/// <summary>What a ladder shall be, the body of <c>PUT /v1/ladders/{id}</c>.</summary>
/// <param name="Caps">CapIDs that it is for, where <c>*</c> stands for any characters; at most 256. Of several ladders
/// that match, the one with the most characters that are no <c>*</c> counts, then the first by id.</param>
/// <param name="MinSeverity">Incidents from this severity on; default the paging floor of each CapID.</param>
/// <param name="Levels">1 to 10, in the order in which they are paged.</param>
/// <param name="Repeat">How often all levels are paged again, 0 to 9.</param>
/// <param name="AcknowledgedForSeconds">After so long, an acknowledged incident that is not resolved is paged again, 60
/// to 604,800; default never.</param>
public sealed record LadderRequest(
    [property: Required] string? Caps,
    [property: Required] IReadOnlyList<LadderLevelRequest>? Levels,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string? MinSeverity = null,
    [property: Range(0, 9)] int Repeat = 0,
    [property: Range(60, 604_800)] int? AcknowledgedForSeconds = null);

/// <param name="Webhooks">Ids of webhooks, 1 to 10, paged at once.</param>
/// <param name="WaitSeconds">For an answer, until the next level is paged, 10 to 86,400.</param>
/// <param name="Acknowledgements">By so many different keys or operators, 1 to 10, until nobody else is paged.</param>
public sealed record LadderLevelRequest(
    [property: Required] IReadOnlyList<string>? Webhooks,
    [property: Required, Range(10, 86_400)] int? WaitSeconds,
    [property: Range(1, 10)] int Acknowledgements = 1);

/// <param name="Warnings">What keeps a page from somebody: a webhook that is disabled or not there.</param>
/// <inheritdoc cref="LadderRequest"/>
public sealed record LadderView(
    string Id, string Caps, [property: AllowedValues("normal", "high", "escalated", "critical")] string? MinSeverity,
    IReadOnlyList<LadderLevelView> Levels, int Repeat, int? AcknowledgedForSeconds, DateTimeOffset ChangedAt, string ChangedBy,
    string? ChangedByName, IReadOnlyList<string> Warnings);

/// <inheritdoc cref="LadderLevelRequest"/>
public sealed record LadderLevelView(IReadOnlyList<string> Webhooks, int WaitSeconds, int Acknowledgements);

/// <summary>Who would be paged of an incident that nobody answers.</summary>
/// <param name="Ladder">That counts for it; null when none does.</param>
/// <param name="Steps">In their order; empty when this ladder does not count for it.</param>
/// <param name="UnansweredAt">When nobody is left to be paged; null when this ladder does not count for it.</param>
public sealed record LadderPreview(
    string? Ladder, IReadOnlyList<LadderStepView> Steps, DateTimeOffset? UnansweredAt, IReadOnlyList<string> Warnings);

/// <param name="Level">From 1.</param>
/// <param name="Round">From 1; one more with each repetition of all levels.</param>
public sealed record LadderStepView(DateTimeOffset At, int Level, int Round, IReadOnlyList<string> Webhooks, int Acknowledgements);
