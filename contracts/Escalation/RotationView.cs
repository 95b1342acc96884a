using System.ComponentModel.DataAnnotations;

namespace CapOrleans.Contracts.Escalation;

/// <summary>The body of <c>PUT /v1/rotations/{id}</c>.</summary>
/// <param name="TimeZone">IANA name, as in <c>Europe/Berlin</c>; shifts and hours follow its daylight saving time. A local
/// time that a change of clocks skips is the moment of the change; of one that occurs twice, it is the first.</param>
/// <param name="StartsAt">Local time, as in <c>2026-12-07T09:00</c>, at which the first member's first shift starts; before
/// it, no one is on call.</param>
/// <param name="ShiftDays">Length of a shift in calendar days, 1 to 366.</param>
/// <param name="Members">1 to 50, in the order of their shifts. Their names stay in the log for good.</param>
/// <param name="Hours">When they are on call; default always.</param>
public sealed record RotationRequest(
    [property: Required] string? TimeZone,
    [property: Required] string? StartsAt,
    [property: Required, Range(1, 366)] int? ShiftDays,
    [property: Required] IReadOnlyList<RotationMemberRequest>? Members,
    OnCallHoursRequest? Hours = null);

/// <param name="Name">Of the person, 1 to 100 printable characters; different from the other members'.</param>
/// <param name="Webhook">Id of the webhook that pages the person.</param>
public sealed record RotationMemberRequest(
    [property: Required, StringLength(100, MinimumLength = 1)] string? Name, [property: Required] string? Webhook);

/// <param name="Days">The days on which it begins, of mon, tue, wed, thu, fri, sat and sun.</param>
/// <param name="From">Local time, as in <c>09:00</c>.</param>
/// <param name="Until">Local time; on the next day unless it is later than <paramref name="From"/>.</param>
public sealed record OnCallHoursRequest(
    [property: Required] IReadOnlyList<string>? Days, [property: Required] string? From, [property: Required] string? Until);

/// <summary>The body of <c>PUT /v1/rotations/{id}/overrides/{override}</c>.</summary>
/// <param name="Name">Of the person who is on call instead, 1 to 100 printable characters.</param>
/// <param name="EndsAt">The first instant at which the rotation applies again, RFC 3339; in the future, at most 366 days
/// after the start.</param>
/// <param name="StartsAt">Default now.</param>
/// <param name="Webhook">Id of the webhook that pages the person; default that of the member of this name.</param>
public sealed record RotationOverrideRequest(
    [property: Required, StringLength(100, MinimumLength = 1)] string? Name,
    [property: Required] DateTimeOffset? EndsAt,
    DateTimeOffset? StartsAt = null,
    string? Webhook = null);

/// <param name="OnCall">Now; null for no one.</param>
/// <param name="Overrides">Those that have not ended, in the order in which they were set: of those that overlap, the last one
/// applies.</param>
/// <param name="Warnings">Members whose webhook was removed, is disabled or fails.</param>
/// <inheritdoc cref="RotationRequest"/>
public sealed record RotationView(
    string Id, string TimeZone, string StartsAt, int ShiftDays, IReadOnlyList<RotationMemberView> Members, OnCallHoursView? Hours,
    IReadOnlyList<RotationOverrideView> Overrides, RotationMemberView? OnCall, DateTimeOffset ChangedAt, string ChangedBy,
    string? ChangedByName, IReadOnlyList<string> Warnings);

/// <inheritdoc cref="RotationMemberRequest"/>
public sealed record RotationMemberView(string Name, string Webhook);

/// <inheritdoc cref="OnCallHoursRequest"/>
public sealed record OnCallHoursView(IReadOnlyList<string> Days, string From, string Until);

/// <inheritdoc cref="RotationOverrideRequest"/>
public sealed record RotationOverrideView(string Id, string Name, string Webhook, DateTimeOffset StartsAt, DateTimeOffset EndsAt);

/// <summary>A time during which the same person, or no one, is on call.</summary>
/// <param name="Until">The first instant at which it no longer holds.</param>
/// <param name="Name">Null when no one is on call.</param>
/// <param name="Webhook">Null when no one is on call.</param>
/// <param name="Override">Id of the override that applies; null if none does.</param>
public sealed record ShiftView(DateTimeOffset From, DateTimeOffset Until, string? Name, string? Webhook, string? Override);

/// <summary>Somebody whom a page goes to, because of a rotation.</summary>
/// <param name="Rotation">Id of the rotation.</param>
public sealed record OnCallView(string Rotation, string Name, string Webhook);
