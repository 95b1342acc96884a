using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Incidents;

/// <summary>What an accepted incident's sender may not have meant: a word that pages nobody, a member that nobody reads.</summary>
public static class IncidentWarning
{
    private const int MaxNameLength = 64;

    /// <returns>
    /// Sentences for a person; null when there is nothing to say. Of members, nothing to the legacy clients: they may send more.
    /// </returns>
    public static string? Of(IncidentReport report)
    {
        var severity = Severity.IsOnLadder(report.SeverityClaimed) ? null
            : $"The severity {report.SeverityText} ranks as normal: it is none of {string.Join(", ", Severity.Ladder)}.";
        var members = report is { TakesAnySeverity: false, UnreadMembers: { Count: > 0 } names }
            ? $"Kept, but read by nobody: " +
                $"{string.Join(", ", names.Select(name => name.Length > MaxNameLength ? $"{name[..MaxNameLength]}…" : name))}."
            : null;
        return severity is null ? members : members is null ? severity : $"{severity} {members}";
    }
}
