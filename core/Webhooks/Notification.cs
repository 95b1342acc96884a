using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Core.Webhooks;

/// <summary>What an entry says to webhooks.</summary>
/// <param name="PagingFloor">Of the CapID when the incident was accepted.</param>
/// <param name="Incident">Null when the entry updates an incident that was accepted before.</param>
public sealed record Notification(string CapId, string IncidentId, string Severity, string PagingFloor, AcceptedIncident? Incident)
{
    /// <returns>Null for an entry that webhooks are told nothing of.</returns>
    public static Notification? Of(LogEntry entry)
    {
        if (entry.Kind == EntryKinds.IncidentAccepted)
        {
            var accepted = AcceptedIncident.Read(entry.Bytes);
            return new Notification(accepted.CapId, accepted.IncidentId, accepted.Severity, accepted.PagingFloor, accepted);
        }

        if (!EntryKinds.IsUpdate(entry.Kind))
        {
            return null;
        }

        using var document = System.Text.Json.JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        string Text(string name) => body.GetProperty(name).GetString()!;
        return new Notification(Text("capId"), Text("incidentId"), Text("severity"), Text("pagingFloor"), null);
    }
}
