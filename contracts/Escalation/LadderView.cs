using System.ComponentModel.DataAnnotations;

namespace CapOrleans.Contracts.Escalation;

/// <summary>The desired ladder: the body of <c>PUT /v1/ladders/{id}</c>.</summary>
/// <param name="Caps">Pattern of the CapIDs that it applies to; <c>*</c> stands for any characters; at most 256
/// characters. Of several ladders that match, the one whose pattern has the most characters other than <c>*</c>
/// applies, then the first by id.</param>
/// <param name="MinSeverity">Lowest severity that is paged; default the paging floor of each CapID.</param>
/// <param name="Levels">1 to 10, in paging order.</param>
/// <param name="Repeat">How often all levels are paged again after the first round, 0 to 9.</param>
/// <param name="AcknowledgedForSeconds">Seconds after which an acknowledgement expires and an unresolved incident is
/// paged again, 60 to 604,800; default never.</param>
/// <param name="Inaction">Reports that nobody answers; default never.</param>
public sealed record LadderRequest(
    [property: Required] string? Caps,
    [property: Required] IReadOnlyList<LadderLevelRequest>? Levels,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string? MinSeverity = null,
    [property: Range(0, 9)] int Repeat = 0,
    [property: Range(60, 604_800)] int? AcknowledgedForSeconds = null,
    LadderInaction? Inaction = null);

/// <param name="Incidents">Number of unanswered incidents, 1 to 100, that makes one report.</param>
/// <param name="WithinSeconds">Time within which their last waits end, 60 to 604,800.</param>
/// <param name="Webhooks">Ids of the webhooks that receive the report, 1 to 10.</param>
public sealed record LadderInaction(
    [property: Required, Range(1, 100)] int? Incidents, [property: Required, Range(60, 604_800)] int? WithinSeconds,
    [property: Required] IReadOnlyList<string>? Webhooks);

/// <param name="Webhooks">Ids of webhooks that are always paged, all together; at most 10. A level has at least one webhook
/// or rotation.</param>
/// <param name="WaitSeconds">Time to wait for an answer before the next level is paged, 10 to 86,400. A level at which no one
/// is on call does not wait if a later one of the same round reaches somebody.</param>
/// <param name="Acknowledgements">Number of different keys or operators, 1 to 10, that must
/// acknowledge before paging stops.</param>
/// <param name="Rotations">Ids of rotations, at most 10: whoever is on call when the level is reached is paged.</param>
public sealed record LadderLevelRequest(
    IReadOnlyList<string>? Webhooks,
    [property: Required, Range(10, 86_400)] int? WaitSeconds,
    [property: Range(1, 10)] int Acknowledgements = 1,
    IReadOnlyList<string>? Rotations = null);

/// <param name="Warnings">Why a page may not arrive: a webhook or rotation that does not exist, a webhook that is disabled or
/// fails, times in the next 30 days at which no one is on call.</param>
/// <inheritdoc cref="LadderRequest"/>
public sealed record LadderView(
    string Id, string Caps, [property: AllowedValues("normal", "high", "escalated", "critical")] string? MinSeverity,
    IReadOnlyList<LadderLevelView> Levels, int Repeat, int? AcknowledgedForSeconds, LadderInaction? Inaction, DateTimeOffset ChangedAt,
    string ChangedBy, string? ChangedByName, IReadOnlyList<string> Warnings);

/// <inheritdoc cref="LadderLevelRequest"/>
public sealed record LadderLevelView(
    IReadOnlyList<string> Webhooks, int WaitSeconds, int Acknowledgements, IReadOnlyList<string> Rotations);

/// <summary>Who would be paged about an unanswered incident.</summary>
/// <param name="Ladder">Id of the ladder that applies; null when none does.</param>
/// <param name="Steps">In order; empty when this ladder does not apply.</param>
/// <param name="UnansweredAt">When the last wait ends with no one left to page; null when this
/// ladder does not apply.</param>
public sealed record LadderPreview(
    string? Ladder, IReadOnlyList<LadderStepView> Steps, DateTimeOffset? UnansweredAt, IReadOnlyList<string> Warnings);

/// <param name="Level">From 1.</param>
/// <param name="Round">From 1; increases with each repetition of all levels.</param>
/// <param name="Webhooks">Those that are paged, of people on call too; empty when no one is on call.</param>
/// <param name="OnCall">The people that the level's rotations have on call at this time.</param>
public sealed record LadderStepView(
    DateTimeOffset At, int Level, int Round, IReadOnlyList<string> Webhooks, int Acknowledgements, IReadOnlyList<OnCallView> OnCall);
