using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Incidents;

/// <summary>
/// Likely mistakes in an accepted incident: a severity that is unknown and so ranks as normal,
/// and members that are not read.
/// </summary>
public static class IncidentWarning
{
    private const int MaxNameLength = 64;

    /// <returns>
    /// Sentences for a person; null when there is nothing to warn of. Legacy clients get no warning
    /// about members: they may send more.
    /// </returns>
    public static string? Of(IncidentReport report)
    {
        var severity = Severity.IsOnLadder(report.SeverityClaimed) ? null
            : $"The severity {report.SeverityText} ranks as normal, because it is not one of {string.Join(", ", Severity.Ladder)}.";
        var members = report is { TakesAnySeverity: false, UnreadMembers: { Count: > 0 } names }
            ? $"Kept, but not used: " +
                $"{string.Join(", ", names.Select(name => name.Length > MaxNameLength ? $"{name[..MaxNameLength]}…" : name))}."
            : null;
        return severity is null ? members : members is null ? severity : $"{severity} {members}";
    }
}
