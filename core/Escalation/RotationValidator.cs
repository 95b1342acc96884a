using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Access;
using CapOrleans.Core.Incidents;
using NodaTime;

namespace CapOrleans.Core.Escalation;

/// <summary>Validates rotations and their overrides.</summary>
public static class RotationValidator
{
    private const int MaxMembers = 50, MaxName = 100, MaxShiftDays = 366, MaxOverrideDays = 366, MinYear = 2000, MaxYear = 2100;

    /// <param name="webhooks">Ids of the webhooks that exist.</param>
    /// <returns>The rotation, without overrides, or the rule it breaks.</returns>
    public static (Rotation? Rotation, Refusal? Refusal) Read(string id, RotationRequest request, IReadOnlySet<string> webhooks)
    {
        var wrong = !Identifiers.IsId(id) ? new Refusal("invalid-field", "id", Identifiers.Rule)
            : DateTimeZoneProviders.Tzdb.GetZoneOrNull(request.TimeZone ?? "") is null
                ? new("invalid-field", "timeZone", "the IANA name of a time zone, such as Europe/Berlin or UTC")
            : RotationSchedule.StartPattern.Parse(request.StartsAt ?? "") is not { Success: true, Value.Year: >= MinYear and <= MaxYear }
                ? new("invalid-field", "startsAt",
                    $"a local time, such as 2026-12-07T09:00, without offset and seconds, of {MinYear} to {MaxYear}")
            : request.ShiftDays is not (>= 1 and <= MaxShiftDays) ? new("invalid-field", "shiftDays", $"1 to {MaxShiftDays}")
            : request.Members is not { Count: >= 1 and <= MaxMembers }
                || request.Members.DistinctBy(member => member?.Name, StringComparer.Ordinal).Count() != request.Members.Count
                ? new("invalid-field", "members", $"1 to {MaxMembers} members with different names")
            : request.Members.Select((member, at) => Fault(member?.Name, member?.Webhook, $"members[{at}].", webhooks))
                .FirstOrDefault(fault => fault is not null)
            ?? Fault(request.Hours);
        return wrong is not null ? (null, wrong) : (new Rotation(
            id, request.TimeZone!, request.StartsAt!, request.ShiftDays!.Value,
            [.. request.Members!.Select(member => new RotationMember(member.Name!, member.Webhook!))],
            request.Hours is { } hours ? new OnCallHours(hours.Days!, hours.From!, hours.Until!) : null, [], default, Actor.Service), null);
    }

    /// <param name="id">Of the override.</param>
    /// <param name="webhooks">Ids of the webhooks that exist.</param>
    /// <returns>The override, or the rule it breaks.</returns>
    public static (RotationOverride? Override, Refusal? Refusal) Read(
        Rotation rotation, string id, RotationOverrideRequest request, IReadOnlySet<string> webhooks, DateTimeOffset now)
    {
        var startsAt = request.StartsAt ?? rotation.Overrides.FirstOrDefault(one => one.Id == id)?.StartsAt ?? now;
        var webhook = request.Webhook ?? rotation.Members.FirstOrDefault(member => member.Name == request.Name)?.Webhook;
        var wrong = !Identifiers.IsId(id) ? new Refusal("invalid-field", "override", Identifiers.Rule)
            : request.Webhook is null && webhook is null
                ? new("invalid-field", "name", "the name of a member of the rotation; for anyone else, name a webhook too")
            : Fault(request.Name, webhook, "", webhooks)
            ?? (request.EndsAt is not { } end || end <= now || end <= startsAt || end - startsAt > TimeSpan.FromDays(MaxOverrideDays)
                ? new("invalid-field", "endsAt", $"in the future, after startsAt, and at most {MaxOverrideDays} days after it")
            : null);
        return wrong is not null ? (null, wrong)
            : (new RotationOverride(id, request.Name!, webhook!, startsAt, request.EndsAt!.Value), null);
    }

    private static Refusal? Fault(string? name, string? webhook, string field, IReadOnlySet<string> webhooks) =>
        !PrintableText.IsValid(name, MaxName) ? new("invalid-field", $"{field}name", PrintableText.Rule(MaxName))
        : webhook is null || !webhooks.Contains(webhook)
            ? new("invalid-field", $"{field}webhook", $"the id of an existing webhook (see GET /v1/webhooks)")
        : null;

    private static Refusal? Fault(OnCallHoursRequest? hours) =>
        hours is null ? null
        : hours.Days is not { Count: > 0 } || hours.Days.Distinct().Count() != hours.Days.Count
            || !hours.Days.All(day => RotationSchedule.Days.Contains(day))
            ? new("invalid-field", "hours.days", $"one or more of {string.Join(", ", RotationSchedule.Days)}, each once")
        : !RotationSchedule.TimePattern.Parse(hours.From ?? "").Success
            ? new("invalid-field", "hours.from", "a local time, such as 09:00")
        : !RotationSchedule.TimePattern.Parse(hours.Until ?? "").Success
            ? new("invalid-field", "hours.until", "a local time, such as 17:00")
        : null;
}
