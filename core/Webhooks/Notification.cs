using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Escalation;

namespace CapOrleans.Core.Webhooks;

/// <summary>What an entry notifies webhooks of.</summary>
/// <param name="PagingFloor">Paging floor of the CapID when the incident was accepted; for a page,
/// the incident's severity.</param>
/// <param name="Incident">Null unless the entry accepts the incident.</param>
/// <param name="Page">Null unless the entry is a page.</param>
public sealed record Notification(
    string CapId, string IncidentId, string Severity, string PagingFloor, AcceptedIncident? Incident, Page? Page = null)
{
    /// <returns>Null for an entry that is not delivered to webhooks.</returns>
    public static Notification? Of(LogEntry entry)
    {
        if (entry.Kind == EntryKinds.IncidentAccepted)
        {
            var accepted = AcceptedIncident.Read(entry.Bytes);
            return new Notification(accepted.CapId, accepted.IncidentId, accepted.Severity, accepted.PagingFloor, accepted);
        }

        if (entry.Kind == EntryKinds.IncidentPaged)
        {
            var page = Page.Read(entry);
            return new Notification(page.CapId, page.IncidentId, page.Severity, page.Severity, null, page);
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
