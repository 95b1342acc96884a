using System.Globalization;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Webhooks;

/// <summary>
/// An accepted incident as a CloudEvent 1.0 in structured JSON. The reporter's request is in it to the letter, with its signature: a
/// receiver verifies the source without trusting the cluster, and finds the entry by the log's origin and the index.
/// </summary>
public static class IncidentEvent
{
    public const string ContentType = "application/cloudevents+json";

    public const string Type = "caporleans.incident.accepted";

    /// <param name="origin">Of the log.</param>
    /// <param name="index">Of the entry in it.</param>
    public static byte[] Write(AcceptedIncident incident, string origin, long index) => new CanonicalObject()
        .Add("data", Data(incident, origin, index))
        .Add("datacontenttype", "application/json")
        .Add("id", string.Create(CultureInfo.InvariantCulture, $"{origin}/{index}"))
        .Add("sequence", index.ToString("D16", CultureInfo.InvariantCulture))
        .Add("severitynumber", 9 + (4 * Severity.Rank(incident.Severity))) // OpenTelemetry's INFO, WARN, ERROR and FATAL
        .Add("severitytext", incident.Severity)
        .Add("source", origin)
        .Add("specversion", "1.0")
        .Add("subject", $"{incident.CapId}/{incident.IncidentId}")
        .Add("time", Entry.Instant(incident.AcceptedAt))
        .Add("type", Type)
        .ToBytes();

    /// <summary>What a test sends; it is of no incident.</summary>
    public static byte[] WriteTest(string webhook, string id, DateTimeOffset now) => new CanonicalObject()
        .Add("data", new CanonicalObject().Add("webhook", webhook))
        .Add("datacontenttype", "application/json")
        .Add("id", id)
        .Add("source", "caporleans")
        .Add("specversion", "1.0")
        .Add("time", Entry.Instant(now))
        .Add("type", "caporleans.webhook.test")
        .ToBytes();

    private static CanonicalObject Data(AcceptedIncident incident, string origin, long index) => new CanonicalObject()
        .Add("acceptedAt", Entry.Instant(incident.AcceptedAt))
        .Add("agent", incident.Agent)
        .Add("auditHash", incident.AuditHash)
        .Add("capId", incident.CapId)
        .Add("cid", $"{incident.Cid}")
        .Add("deltaCap", DecimalText.Of(incident.DeltaCap))
        .Add("description", incident.Description)
        .Add("incidentId", incident.IncidentId)
        .Add("log", new CanonicalObject().Add("index", index).Add("origin", origin))
        .Add("request", incident.Request)
        .Add("scheme", incident.Scheme)
        .Add("severity", incident.Severity)
        .Add("signer", incident.Signer)
        .Add("timestamp", incident.TimestampText);
}
