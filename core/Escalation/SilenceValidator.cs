using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Access;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Escalation;

/// <summary>Validates a silence.</summary>
public static class SilenceValidator
{
    private const int MaxReason = 500, MaxDays = 31, MaxDaysAhead = 366;

    /// <param name="known">The silence of this id; null if there is none. Its start stays when the request names none.</param>
    /// <returns>The silence, or the rule it breaks.</returns>
    public static (Silence? Silence, Refusal? Refusal) Read(string id, SilenceRequest request, Silence? known, DateTimeOffset now)
    {
        var startsAt = request.StartsAt ?? (known?.EndsAt > now ? known.StartsAt : now);
        var wrong = !Identifiers.IsId(id) ? new Refusal("invalid-field", "id", Identifiers.Rule)
            : !CapIdPattern.IsOne(request.Caps ?? "") ? new("invalid-field", "caps", CapIdPattern.Rule)
            : request.MaxSeverity is { } severity && !Severity.IsOnLadder(severity)
                ? new("invalid-field", "maxSeverity", $"one of {string.Join(", ", Severity.Ladder)}")
            : !PrintableText.IsValid(request.Reason ?? "", MaxReason) ? new("invalid-field", "reason", PrintableText.Rule(MaxReason))
            : startsAt > now.AddDays(MaxDaysAhead) ? new("invalid-field", "startsAt", $"at most {MaxDaysAhead} days ahead")
            : request.EndsAt is not { } end || end <= now || end <= startsAt || end - startsAt > TimeSpan.FromDays(MaxDays)
                ? new("invalid-field", "endsAt", $"in the future, after startsAt, and at most {MaxDays} days after it")
            : null;
        return wrong is not null ? (null, wrong) : (new Silence(
            id, request.Caps!, request.MaxSeverity, startsAt, request.EndsAt!.Value, request.Reason!, default, Actor.Service), null);
    }
}
