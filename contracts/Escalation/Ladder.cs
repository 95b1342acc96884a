using CapOrleans.Contracts.Access;
using Orleans;

namespace CapOrleans.Contracts.Escalation;

/// <summary>An escalation policy: who is paged of an incident that nobody has answered, and when.</summary>
/// <param name="Caps">CapIDs that it is for, where <c>*</c> stands for any characters.</param>
/// <param name="MinSeverity">Incidents from this severity on; null for the paging floor of each CapID.</param>
/// <param name="Repeat">How often all levels are paged again.</param>
/// <param name="AcknowledgedForSeconds">After so long, an acknowledged incident that is not resolved is paged again;
/// null for never.</param>
/// <param name="StartsAt">By log, the index of the first entry that it counts for: the end of the log when it was
/// made.</param>
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
    [property: Id(8)] Actor ChangedBy)
{
    /// <summary>Pages of one incident, at most, until somebody answers.</summary>
    public int Steps => Levels.Count * (Repeat + 1);

    /// <param name="step">From 0.</param>
    /// <returns>Acknowledgements that end it then: a later level does not make do with fewer than an earlier
    /// one.</returns>
    public int AcknowledgementsAt(int step) => Levels.Take(step + 1).Max(level => level.Acknowledgements);
}

/// <param name="Webhooks">Ids, paged at once.</param>
/// <param name="WaitSeconds">For an answer, until the next level is paged.</param>
/// <param name="Acknowledgements">By so many different keys or operators, until nobody else is paged.</param>
[GenerateSerializer, Immutable, Alias("cap.ladder-level.v1")]
public sealed record LadderLevel(
    [property: Id(0)] IReadOnlyList<string> Webhooks, [property: Id(1)] int WaitSeconds, [property: Id(2)] int Acknowledgements);

public enum LadderVerdict
{
    Undecided = 0,

    /// <summary>On disk, and in the log.</summary>
    Changed = 1,

    /// <summary>It was so before; nothing changed.</summary>
    AlreadySo = 2,

    /// <summary>There are as many as there may be.</summary>
    Full = 3,
}

/// <param name="Ladder">As it is now; null when it was refused.</param>
[GenerateSerializer, Immutable, Alias("cap.ladder-ruling.v1")]
public sealed record LadderRuling([property: Id(0)] LadderVerdict Verdict, [property: Id(1)] Ladder? Ladder = null);
