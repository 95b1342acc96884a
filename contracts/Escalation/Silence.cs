using CapOrleans.Contracts.Access;
using Orleans;

namespace CapOrleans.Contracts.Escalation;

/// <summary>A time during which incidents of some CapIDs are accepted as ever, but page no one.</summary>
/// <param name="Caps">A CapID, in which <c>*</c> stands for any characters.</param>
/// <param name="MaxSeverity">More severe incidents page all the same; null if none do.</param>
/// <param name="StartsAt">In the future for a maintenance window that is planned.</param>
/// <param name="EndsAt">The first instant at which incidents page again.</param>
[GenerateSerializer, Immutable, Alias("cap.silence.v1")]
public sealed record Silence(
    [property: Id(0)] string Id,
    [property: Id(1)] string Caps,
    [property: Id(2)] string? MaxSeverity,
    [property: Id(3)] DateTimeOffset StartsAt,
    [property: Id(4)] DateTimeOffset EndsAt,
    [property: Id(5)] string Reason,
    [property: Id(6)] DateTimeOffset SetAt,
    [property: Id(7)] Actor SetBy);

/// <param name="Silence">As stored after the call; null if it was refused.</param>
[GenerateSerializer, Immutable, Alias("cap.silence-ruling.v1")]
public sealed record SilenceRuling([property: Id(0)] PutVerdict Verdict, [property: Id(1)] Silence? Silence = null);

/// <summary>Who is paged for incidents that are not answered, and when no one is.</summary>
/// <param name="Silences">Those that have not ended.</param>
[GenerateSerializer, Immutable, Alias("cap.paging-policy.v1")]
public sealed record PagingPolicy(
    [property: Id(0)] IReadOnlyList<Ladder> Ladders, [property: Id(1)] IReadOnlyList<Silence> Silences,
    [property: Id(2)] IReadOnlyList<Rotation> Rotations);
