using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Integrations;

namespace CapOrleans.Core.Heartbeats;

/// <summary>The entries about heartbeats, and the incidents that they become.</summary>
public static class HeartbeatEntries
{
    /// <summary>Id under which incidents of heartbeats name what filed them.</summary>
    public const string Source = "heartbeat";

    /// <summary>The first heartbeat of a name, or one with another schedule.</summary>
    public static EntryDraft WriteChanged(string capId, SentHeartbeat heartbeat, string origin, DateTimeOffset now) =>
        Entry.Write(EntryKinds.HeartbeatChanged, origin, now, Describe(capId, heartbeat));

    /// <param name="incidentId">Null when the CapID took no incident for it.</param>
    public static EntryDraft WriteMissed(HeartbeatRow row, string? incidentId, string origin, DateTimeOffset now) =>
        Entry.Write(EntryKinds.HeartbeatMissed, origin, now, new CanonicalObject()
            .Add("capId", row.CapId)
            .Add("dueAt", Entry.Instant(row.DueAt!.Value))
            .Add("incidentId", incidentId)
            .Add("last", Describe(row.CapId, row.Last))
            .Add("name", row.Last.Name));

    /// <param name="by">The operator, or the address of the key that signed the last heartbeat.</param>
    public static EntryDraft WriteRemoved(string capId, string name, string by, string origin, DateTimeOffset now) => Entry.Write(
        EntryKinds.HeartbeatRemoved, origin, now, new CanonicalObject().Add("by", by).Add("capId", capId).Add("name", name));

    /// <summary>The incident of a missed heartbeat, or of one that says failure.</summary>
    public static (IncidentReport? Report, Refusal? Refusal) ToReport(HeartbeatRow row, string incidentId, DateTimeOffset now)
    {
        var last = row.Last;
        var status = last.ExitStatus is { } code ? $" with exit status {code}" : "";
        var what = last.Event == HeartbeatEvent.Failure ? $"{last.Name} failed{status}."
            : last.Event == HeartbeatEvent.Start ? $"{last.Name} started at {row.ReceivedAt:u} and has not ended."
            : $"No heartbeat of {last.Name} since {row.ReceivedAt:u}.";
        using var document = JsonDocument.Parse(Describe(row.CapId, last).ToBytes());
        return new ForeignIncident(incidentId, last.Name, last.Severity, what, null,
            document.RootElement.EnumerateObject()).ToReport(row.CapId, now);
    }

    /// <summary>What was signed, with the signature.</summary>
    private static CanonicalObject Describe(string capId, SentHeartbeat heartbeat) => new CanonicalObject()
        .Add("capId", capId)
        .Add("cron", heartbeat.Schedule.Cron)
        .Add("event", heartbeat.Event.Text())
        .Add("everySeconds", heartbeat.Schedule.EverySeconds?.ToString(System.Globalization.CultureInfo.InvariantCulture))
        .Add("exitStatus", heartbeat.ExitStatus?.ToString(System.Globalization.CultureInfo.InvariantCulture))
        .Add("graceSeconds", heartbeat.GraceSeconds)
        .Add("name", heartbeat.Name)
        .Add("severity", heartbeat.Severity)
        .Add("signature", heartbeat.Signature)
        .Add("signer", heartbeat.Signer)
        .Add("timeZone", heartbeat.Schedule.TimeZone)
        .Add("timestamp", heartbeat.Timestamp);
}
