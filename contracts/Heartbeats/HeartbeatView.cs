using System.ComponentModel.DataAnnotations;

namespace CapOrleans.Contracts.Heartbeats;

/// <param name="Event">What happened.</param>
/// <param name="ExitStatus">Of the job, 0 to 255.</param>
/// <param name="EverySeconds">Time until the next one is expected, 10 to 31,536,000; instead of <c>cron</c>.</param>
/// <param name="Cron">Five fields; instead of <c>everySeconds</c>.</param>
/// <param name="TimeZone">IANA name, for <c>cron</c>; default UTC.</param>
/// <param name="GraceSeconds">How late it may be, and how long a job may take from its start; 10 to 604,800.</param>
/// <param name="Severity">Of the incident that a missed heartbeat or a failure becomes; default high.</param>
/// <param name="Timestamp">ISO 8601 in UTC, within five minutes of the server's clock; signed as text.</param>
/// <param name="Signature">65 bytes in hex, by a reporter key of the CapID; docs/protocol.md defines what is signed.</param>
public sealed record HeartbeatRequest(
    [property: Required, AllowedValues("success", "start", "failure", "end")] string? Event,
    int? ExitStatus,
    int? EverySeconds,
    string? Cron,
    string? TimeZone,
    [property: Required] int? GraceSeconds,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string? Severity,
    [property: Required] string? Timestamp,
    [property: Required] string? Signature);

/// <param name="State"><c>up</c>, <c>started</c>, <c>missed</c> or <c>failed</c>.</param>
/// <param name="LastAt">When the newest heartbeat arrived.</param>
/// <param name="DueAt">When the next one is missed; null when one was missed, or the job failed.</param>
/// <param name="Incident">Id of the incident of that; null when all is well.</param>
/// <param name="SignedBy">Address of the key that signed the newest heartbeat.</param>
public sealed record HeartbeatView(
    string Name, [property: AllowedValues("up", "started", "missed", "failed")] string State, DateTimeOffset LastAt, int? ExitStatus,
    DateTimeOffset? DueAt, string? Incident, int? EverySeconds, string? Cron, string? TimeZone, int GraceSeconds,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string Severity, string SignedBy)
{
    public static HeartbeatView Of(HeartbeatRow row)
    {
        var (last, schedule) = (row.Last, row.Last.Schedule);
        var state = row.Incident is not null && row.DueAt is null ? last.Event == HeartbeatEvent.Failure ? "failed" : "missed"
            : last.Event == HeartbeatEvent.Start ? "started" : "up";
        return new HeartbeatView(
            last.Name, state, row.ReceivedAt, last.ExitStatus, row.DueAt, row.Incident, schedule.EverySeconds, schedule.Cron,
            schedule.TimeZone, last.GraceSeconds, last.Severity, last.Signer);
    }
}
