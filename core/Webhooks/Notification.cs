using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Escalation;

namespace CapOrleans.Core.Webhooks;

/// <summary>What an entry notifies webhooks of.</summary>
/// <param name="PagingFloor">Paging floor of the CapID when the incident was accepted; for a page,
/// the incident's severity.</param>
/// <param name="Incident">Null unless the entry accepts the incident.</param>
/// <param name="Page">Null unless the entry is a page.</param>
/// <param name="Summary">Null unless a silence ended; CapID, incident and severity are those of its most severe incident.</param>
/// <param name="Inaction">Null unless nobody answers; CapID, incident and severity are those of its most severe incident.</param>
public sealed record Notification(
    string CapId, string IncidentId, string Severity, string PagingFloor, AcceptedIncident? Incident, Page? Page = null,
    SilenceSummary? Summary = null, Inaction? Inaction = null)
{
    /// <summary>Ids of the webhooks it goes to, whatever their filters; null if the filters decide.</summary>
    public IReadOnlyList<string>? Webhooks => Page?.Webhooks ?? Summary?.Webhooks ?? Inaction?.Webhooks;

    /// <summary>Whether entries of this kind are delivered to webhooks.</summary>
    public static bool IsMadeBy(string kind) => EntryKinds.IsUpdate(kind) || kind is EntryKinds.IncidentAccepted
        or EntryKinds.IncidentPaged or EntryKinds.SilenceEnded or EntryKinds.AuditInaction;

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

        if (entry.Kind == EntryKinds.SilenceEnded)
        {
            var summary = SilenceSummary.Read(entry);
            var first = summary.Incidents[0];
            return new Notification(first.CapId, first.IncidentId, first.Severity, first.Severity, null, Summary: summary);
        }

        if (entry.Kind == EntryKinds.AuditInaction)
        {
            var inaction = Inaction.Read(entry);
            var worst = inaction.Worst;
            return new Notification(worst.CapId, worst.IncidentId, worst.Severity, worst.Severity, null, Inaction: inaction);
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
