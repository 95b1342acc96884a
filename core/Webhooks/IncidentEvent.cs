using System.Globalization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Webhooks;

/// <summary>
/// An accepted incident, an update or a page of one as a CloudEvent 1.0 in structured JSON. An incident contains the
/// reporter's request verbatim, with its signature: a receiver can verify the source without trusting the cluster, and
/// find the entry by the log's origin and the index.
/// </summary>
public static class IncidentEvent
{
    public const string ContentType = "application/cloudevents+json";

    /// <param name="entry">The entry of an accepted incident or of an update.</param>
    /// <param name="notification">What the entry notifies webhooks of.</param>
    /// <param name="origin">Origin of the log.</param>
    public static byte[] Write(LogEntry entry, Notification notification, string origin) => Write(entry, notification, origin,
        notification.Incident is { } incident ? Data(incident, origin, entry.Index) : Data(entry, origin));

    private static byte[] Write(LogEntry entry, Notification notification, string origin, CanonicalObject data) => new CanonicalObject()
        .Add("data", data)
        .Add("datacontenttype", "application/json")
        .Add("id", string.Create(CultureInfo.InvariantCulture, $"{origin}/{entry.Index}"))
        .Add("sequence", entry.Index.ToString("D16", CultureInfo.InvariantCulture))
        .Add("severitynumber", 9 + (4 * Severity.Rank(notification.Severity))) // OpenTelemetry's INFO, WARN, ERROR and FATAL
        .Add("severitytext", notification.Severity)
        .Add("source", origin)
        .Add("specversion", "1.0")
        .Add("subject", $"{notification.CapId}/{notification.IncidentId}")
        .Add("time", Entry.Instant(Entry.ReadInstant(entry)))
        .Add("type", $"caporleans.{entry.Kind}")
        .ToBytes();

    /// <summary>Writes a page: its step of the ladder, the incident, and the incident's present state.</summary>
    /// <param name="entry">The page's entry.</param>
    /// <param name="accepted">The incident, with the size of its group.</param>
    /// <param name="index">Index of the incident's entry.</param>
    /// <param name="state">The incident's present state.</param>
    public static byte[] WritePage(
        LogEntry entry, Notification notification, AcceptedIncident accepted, long index, string state, string origin) =>
        Write(entry, notification, origin, new CanonicalObject()
            .Add("acknowledgements", notification.Page!.Acknowledgements)
            .Add("capId", notification.CapId)
            .Add("incident", Data(accepted, origin, index))
            .Add("incidentId", notification.IncidentId)
            .Add("ladder", notification.Page.Ladder)
            .Add("level", notification.Page.Level)
            .Add("levels", notification.Page.Levels)
            .Add("log", new CanonicalObject().Add("index", entry.Index).Add("origin", origin))
            .Add("onCall", notification.Page.OnCall.Select(Page.Describe))
            .Add("round", notification.Page.Round)
            .Add("state", state));

    /// <summary>Writes a silence's summary.</summary>
    /// <param name="entry">A <c>silence.ended</c> entry.</param>
    /// <param name="open">The listed incidents that are not answered yet, with their states.</param>
    public static byte[] WriteSummary(
        LogEntry entry, Notification notification, IEnumerable<(SilencedIncident Incident, string State)> open, string origin) =>
        Write(entry, notification, origin, new CanonicalObject()
            .Add("acknowledgements", notification.Summary!.Acknowledgements)
            .Add("held", notification.Summary.Held)
            .Add("incidents", open.Select(one => new CanonicalObject()
                .Add("capId", one.Incident.CapId)
                .Add("incidentId", one.Incident.IncidentId)
                .Add("index", one.Incident.Index)
                .Add("severity", one.Incident.Severity)
                .Add("state", one.State)))
            .Add("ladder", notification.Summary.Ladder)
            .Add("level", notification.Summary.Level)
            .Add("levels", notification.Summary.Levels)
            .Add("log", new CanonicalObject().Add("index", entry.Index).Add("origin", origin))
            .Add("silence", notification.Summary.Silence)
            .Add("waitSeconds", notification.Summary.WaitSeconds));

    /// <summary>Writes a report of inaction.</summary>
    /// <param name="entry">An <c>audit.inaction</c> entry.</param>
    public static byte[] WriteInaction(LogEntry entry, Notification notification, string origin) =>
        Write(entry, notification, origin, new CanonicalObject()
            .Add("count", notification.Inaction!.Count)
            .Add("incidents", notification.Inaction.Incidents.Select(Inaction.Describe))
            .Add("ladder", notification.Inaction.Ladder)
            .Add("log", new CanonicalObject().Add("index", entry.Index).Add("origin", origin))
            .Add("withinSeconds", notification.Inaction.WithinSeconds));

    /// <summary>Writes the event that a test sends; it belongs to no incident.</summary>
    public static byte[] WriteTest(string webhook, string id, DateTimeOffset now) => new CanonicalObject()
        .Add("data", new CanonicalObject().Add("webhook", webhook))
        .Add("datacontenttype", "application/json")
        .Add("id", id)
        .Add("source", "caporleans")
        .Add("specversion", "1.0")
        .Add("time", Entry.Instant(now))
        .Add("type", "caporleans.webhook.test")
        .ToBytes();

    private static CanonicalObject Data(LogEntry entry, string origin)
    {
        var (capId, incidentId, update) = IncidentUpdates.ReadView(entry);
        return new CanonicalObject()
            .Add("action", update.Action)
            .Add("at", Entry.Instant(update.At))
            .Add("by", update.By)
            .Add("byName", update.ByName)
            .Add("capId", capId)
            .Add("incidentId", incidentId)
            .Add("log", new CanonicalObject().Add("index", entry.Index).Add("origin", origin))
            .Add("note", update.Note)
            .Add("signature", update.Signature)
            .Add("timestamp", update.Timestamp);
    }

    private static CanonicalObject Data(AcceptedIncident incident, string origin, long index) => new CanonicalObject()
        .Add("acceptedAt", Entry.Instant(incident.AcceptedAt))
        .Add("agent", incident.Agent)
        .Add("auditHash", incident.AuditHash)
        .Add("capId", incident.CapId)
        .Add("cid", $"{incident.Cid}")
        .Add("deltaCap", DecimalText.Of(incident.DeltaCap))
        .Add("description", incident.Description)
        .AddIfPresent("group", AcceptedIncident.Describe(incident.Group))
        .Add("incidentId", incident.IncidentId)
        .AddIfPresent("integration", AcceptedIncident.Describe(incident.Integration))
        .Add("log", new CanonicalObject().Add("index", index).Add("origin", origin))
        .Add("request", incident.Request)
        .Add("scheme", incident.Scheme)
        .Add("severity", incident.Severity)
        .Add("signer", incident.Signer)
        .Add("timestamp", incident.TimestampText);
}
