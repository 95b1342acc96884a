using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Escalation;

/// <summary>Which silence holds an incident's pages back.</summary>
public static class Silences
{
    /// <returns>Of those in force, the one that ends last; null if the incident may page.</returns>
    public static Silence? Active(IEnumerable<Silence> silences, string capId, string severity, DateTimeOffset now) => silences
        .Where(silence => silence.StartsAt <= now && now < silence.EndsAt && CapIdPattern.Matches(silence.Caps, capId)
            && (silence.MaxSeverity is not { } max || Severity.Rank(severity) <= Severity.Rank(max)))
        .OrderByDescending(silence => silence.EndsAt).ThenBy(silence => silence.Id, StringComparer.Ordinal)
        .FirstOrDefault();
}
