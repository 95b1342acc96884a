using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Escalation;

/// <summary>Validates a requested ladder.</summary>
public static class LadderValidator
{
    private const int MaxLevels = 10, MaxWebhooks = 10, MaxRotations = 10, MaxAcknowledgements = 10, MaxRepeat = 9,
        MaxUnanswered = 100;
    private const int MinWait = 10, MaxWait = 86_400, MinAcknowledged = 60, MaxAcknowledged = 604_800;

    /// <param name="webhooks">Ids of the webhooks that exist.</param>
    /// <param name="rotations">Ids of the rotations that exist.</param>
    /// <returns>The ladder, without its start, or why it is refused.</returns>
    public static (Ladder? Ladder, Refusal? Refusal) Read(
        string id, LadderRequest request, IReadOnlySet<string> webhooks, IReadOnlySet<string> rotations)
    {
        var refusal = !Identifiers.IsId(id) ? new Refusal("invalid-field", "id", Identifiers.Rule)
            : !CapIdPattern.IsOne(request.Caps ?? "") ? new("invalid-field", "caps", CapIdPattern.Rule)
            : request.MinSeverity is { } severity && !Severity.IsOnLadder(severity)
                ? new("invalid-field", "minSeverity", $"one of {string.Join(", ", Severity.Ladder)}")
            : request.Levels is not { Count: > 0 and <= MaxLevels } ? new("invalid-field", "levels", $"1 to {MaxLevels} levels")
            : request.Repeat is < 0 or > MaxRepeat ? new("invalid-field", "repeat", $"0 to {MaxRepeat}")
            : request.AcknowledgedForSeconds is < MinAcknowledged or > MaxAcknowledged
                ? new("invalid-field", "acknowledgedForSeconds", $"{MinAcknowledged} to {MaxAcknowledged}")
            : request.Levels.Select((level, at) => Fault(level, $"levels[{at}]", webhooks, rotations))
                .FirstOrDefault(fault => fault is not null) ?? Fault(request.Inaction, webhooks);
        return refusal is not null ? (null, refusal) : (new Ladder(
            id, request.Caps!, request.MinSeverity,
            [.. request.Levels!.Select(level => new LadderLevel(
                level.Webhooks ?? [], level.WaitSeconds!.Value, level.Acknowledgements, level.Rotations ?? []))],
            request.Repeat, request.AcknowledgedForSeconds, [], default, Actor.Service, request.Inaction is not { } inaction ? null
                : new InactionRule(inaction.Incidents!.Value, inaction.WithinSeconds!.Value, inaction.Webhooks!)), null);
    }

    private static Refusal? Fault(
        LadderLevelRequest? level, string field, IReadOnlySet<string> webhooks, IReadOnlySet<string> rotations) =>
        level is null ? new("invalid-field", field, "a level")
        : (level.Webhooks?.Count ?? 0) + (level.Rotations?.Count ?? 0) == 0
            ? new("invalid-field", $"{field}.webhooks", "at least one webhook, or one of rotations")
        : Fault(level.Webhooks, $"{field}.webhooks", "webhooks", MaxWebhooks, webhooks)
        ?? Fault(level.Rotations, $"{field}.rotations", "rotations", MaxRotations, rotations)
        ?? (level.WaitSeconds is not (>= MinWait and <= MaxWait)
            ? new("invalid-field", $"{field}.waitSeconds", $"{MinWait} to {MaxWait}")
        : level.Acknowledgements is < 1 or > MaxAcknowledgements
            ? new("invalid-field", $"{field}.acknowledgements", $"1 to {MaxAcknowledgements}")
        : null);

    private static Refusal? Fault(LadderInaction? inaction, IReadOnlySet<string> webhooks) => inaction is null ? null
        : inaction.Incidents is not (>= 1 and <= MaxUnanswered)
            ? new("invalid-field", "inaction.incidents", $"1 to {MaxUnanswered}")
        : inaction.WithinSeconds is not (>= MinAcknowledged and <= MaxAcknowledged)
            ? new("invalid-field", "inaction.withinSeconds", $"{MinAcknowledged} to {MaxAcknowledged}")
        : inaction.Webhooks is not { Count: > 0 } ? new("invalid-field", "inaction.webhooks", "at least one webhook")
        : Fault(inaction.Webhooks, "inaction.webhooks", "webhooks", MaxWebhooks, webhooks);

    private static Refusal? Fault(IReadOnlyList<string>? ids, string field, string what, int max, IReadOnlySet<string> existing) =>
        ids is null ? null
        : ids.Count > max || ids.Distinct(StringComparer.Ordinal).Count() != ids.Count
            ? new("invalid-field", field, $"at most {max} different {what}")
        : ids.Contains(null!) ? new("invalid-field", field, $"ids of {what}")
        : ids.FirstOrDefault(id => !existing.Contains(id)) is { } unknown
            ? new("invalid-field", field, $"ids of existing {what} (see GET /v1/{what}); {unknown} does not exist")
        : null;
}
