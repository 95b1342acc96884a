using System.ComponentModel.DataAnnotations;

namespace CapOrleans.Contracts.Escalation;

/// <summary>The body of <c>PUT /v1/silences/{id}</c>.</summary>
/// <param name="Caps">The CapIDs to silence, where <c>*</c> stands for any characters; at most 256.</param>
/// <param name="EndsAt">The first instant at which incidents page again, RFC 3339; at most 31 days after the start.</param>
/// <param name="Reason">For whoever wonders later why no one was paged, 1 to 500 printable characters.</param>
/// <param name="StartsAt">At most a year ahead; default now.</param>
/// <param name="MaxSeverity">More severe incidents page all the same; default none do.</param>
public sealed record SilenceRequest(
    [property: Required] string? Caps,
    [property: Required] DateTimeOffset? EndsAt,
    [property: Required, StringLength(500, MinimumLength = 1)] string? Reason,
    DateTimeOffset? StartsAt = null,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string? MaxSeverity = null);

/// <param name="IsActive">Whether it holds pages back now; otherwise it starts later.</param>
/// <inheritdoc cref="SilenceRequest"/>
public sealed record SilenceView(
    string Id, string Caps, [property: AllowedValues("normal", "high", "escalated", "critical")] string? MaxSeverity,
    DateTimeOffset StartsAt, DateTimeOffset EndsAt, string Reason, bool IsActive, DateTimeOffset SetAt, string SetBy, string? SetByName);
