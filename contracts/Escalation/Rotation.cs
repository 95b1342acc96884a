using CapOrleans.Contracts.Access;
using Orleans;

namespace CapOrleans.Contracts.Escalation;

/// <summary>People who take turns at being on call.</summary>
/// <param name="TimeZone">IANA name; shifts and hours follow its daylight saving time.</param>
/// <param name="StartsAt">Local time, as in <c>2026-12-07T09:00</c>, at which the first member's first shift starts.</param>
/// <param name="ShiftDays">Length of a shift in calendar days.</param>
/// <param name="Members">In the order of their shifts.</param>
/// <param name="Hours">When they are on call; null for always.</param>
/// <param name="Overrides">In the order in which they were set: of those that overlap, the last one applies.</param>
[GenerateSerializer, Immutable, Alias("cap.rotation.v1")]
public sealed record Rotation(
    [property: Id(0)] string Id,
    [property: Id(1)] string TimeZone,
    [property: Id(2)] string StartsAt,
    [property: Id(3)] int ShiftDays,
    [property: Id(4)] IReadOnlyList<RotationMember> Members,
    [property: Id(5)] OnCallHours? Hours,
    [property: Id(6)] IReadOnlyList<RotationOverride> Overrides,
    [property: Id(7)] DateTimeOffset ChangedAt,
    [property: Id(8)] Actor ChangedBy);

/// <param name="Name">Of the person.</param>
/// <param name="Webhook">Id of the webhook that pages the person.</param>
[GenerateSerializer, Immutable, Alias("cap.rotation-member.v1")]
public sealed record RotationMember([property: Id(0)] string Name, [property: Id(1)] string Webhook);

/// <summary>Local times between which people are on call.</summary>
/// <param name="Days">Of mon, tue, wed, thu, fri, sat and sun: the days on which it begins.</param>
/// <param name="From">Local time, as in <c>09:00</c>.</param>
/// <param name="Until">On the next day unless later than <paramref name="From"/>.</param>
[GenerateSerializer, Immutable, Alias("cap.on-call-hours.v1")]
public sealed record OnCallHours(
    [property: Id(0)] IReadOnlyList<string> Days, [property: Id(1)] string From, [property: Id(2)] string Until);

/// <summary>Somebody who is on call instead, outside the hours too.</summary>
/// <param name="EndsAt">The first instant at which the rotation applies again.</param>
[GenerateSerializer, Immutable, Alias("cap.rotation-override.v1")]
public sealed record RotationOverride(
    [property: Id(0)] string Id, [property: Id(1)] string Name, [property: Id(2)] string Webhook,
    [property: Id(3)] DateTimeOffset StartsAt, [property: Id(4)] DateTimeOffset EndsAt);

/// <param name="Rotation">As stored after the call; null if it was refused, or does not exist.</param>
[GenerateSerializer, Immutable, Alias("cap.rotation-ruling.v1")]
public sealed record RotationRuling([property: Id(0)] PutVerdict Verdict, [property: Id(1)] Rotation? Rotation = null);
