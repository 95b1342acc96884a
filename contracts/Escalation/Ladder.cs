using CapOrleans.Contracts.Access;
using Orleans;

namespace CapOrleans.Contracts.Escalation;

/// <summary>An escalation policy: who is paged about an unanswered incident, and when.</summary>
/// <param name="Caps">Pattern of the CapIDs that it applies to; <c>*</c> stands for any characters.</param>
/// <param name="MinSeverity">Lowest severity that is paged; null for the paging floor of each CapID.</param>
/// <param name="Repeat">How often all levels are paged again after the first round.</param>
/// <param name="AcknowledgedForSeconds">Seconds after which an acknowledgement expires and an unresolved incident is
/// paged again; null for never.</param>
/// <param name="Inaction">Who is told when several incidents stay unanswered; null for no one.</param>
/// <param name="StartsAt">Per log, the index of the first entry that it applies to: the end of the log when
/// the ladder was created.</param>
[GenerateSerializer, Immutable, Alias("cap.ladder.v1")]
public sealed record Ladder(
    [property: Id(0)] string Id,
    [property: Id(1)] string Caps,
    [property: Id(2)] string? MinSeverity,
    [property: Id(3)] IReadOnlyList<LadderLevel> Levels,
    [property: Id(4)] int Repeat,
    [property: Id(5)] int? AcknowledgedForSeconds,
    [property: Id(6)] IReadOnlyList<long> StartsAt,
    [property: Id(7)] DateTimeOffset ChangedAt,
    [property: Id(8)] Actor ChangedBy,
    [property: Id(9)] InactionRule? Inaction = null)
{
    /// <summary>Maximum number of pages for one unanswered incident.</summary>
    public int Steps => Levels.Count * (Repeat + 1);

    /// <param name="step">From 0.</param>
    /// <returns>
    /// Acknowledgements that end the escalation at this step; a later level never requires fewer than an earlier one.
    /// </returns>
    public int AcknowledgementsAt(int step) => Levels.Take(step + 1).Max(level => level.Acknowledgements);
}

/// <param name="Webhooks">Ids of webhooks that are always paged, all together.</param>
/// <param name="WaitSeconds">Time to wait for an answer before the next level is paged.</param>
/// <param name="Acknowledgements">Number of different keys or operators that must
/// acknowledge before paging stops.</param>
/// <param name="Rotations">Ids of rotations, whose people on call are paged; null for none.</param>
[GenerateSerializer, Immutable, Alias("cap.ladder-level.v1")]
public sealed record LadderLevel(
    [property: Id(0)] IReadOnlyList<string> Webhooks, [property: Id(1)] int WaitSeconds, [property: Id(2)] int Acknowledgements,
    [property: Id(3)] IReadOnlyList<string>? Rotations = null);

/// <summary>Reports that nobody answers: so many incidents within a time had every level paged in vain.</summary>
/// <param name="Incidents">Number of unanswered incidents that makes one report.</param>
/// <param name="Webhooks">Ids of the webhooks that receive it.</param>
[GenerateSerializer, Immutable, Alias("cap.inaction-rule.v1")]
public sealed record InactionRule(
    [property: Id(0)] int Incidents, [property: Id(1)] int WithinSeconds, [property: Id(2)] IReadOnlyList<string> Webhooks);

/// <param name="Ladder">The ladder after the request; null when the request was refused.</param>
[GenerateSerializer, Immutable, Alias("cap.ladder-ruling.v1")]
public sealed record LadderRuling([property: Id(0)] PutVerdict Verdict, [property: Id(1)] Ladder? Ladder = null);
