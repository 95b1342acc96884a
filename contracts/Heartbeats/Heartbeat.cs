using Orleans;

namespace CapOrleans.Contracts.Heartbeats;

/// <summary>What a heartbeat says.</summary>
public enum HeartbeatEvent
{
    /// <summary>The job ended well, or the host is there.</summary>
    Success = 0,

    /// <summary>The job has begun, and must end within the grace period.</summary>
    Start = 1,

    /// <summary>The job failed.</summary>
    Failure = 2,

    /// <summary>No more heartbeats are expected.</summary>
    End = 3,
}

/// <summary>When heartbeats are expected; exactly one of the two is set.</summary>
/// <param name="EverySeconds">Seconds from one to the next; 10 to 31,536,000.</param>
/// <param name="Cron">A cron expression of five fields.</param>
/// <param name="TimeZone">IANA name of the cron expression's time zone; null for UTC.</param>
[GenerateSerializer, Immutable, Alias("cap.heartbeat-schedule.v1")]
public sealed record HeartbeatSchedule(
    [property: Id(0)] int? EverySeconds, [property: Id(1)] string? Cron, [property: Id(2)] string? TimeZone);

/// <summary>A heartbeat whose members and signature were checked; whether its key may send it, the CapID decides.</summary>
/// <param name="Name">1 to 64 characters; names the job within its CapID.</param>
/// <param name="ExitStatus">Of the job, 0 to 255; null when there is none.</param>
/// <param name="GraceSeconds">How late it may be; 10 to 604,800.</param>
/// <param name="Severity">Of the incident that its absence, or a failure, becomes.</param>
/// <param name="Timestamp">The signed time, exactly as it was spelled.</param>
/// <param name="SentAt"><paramref name="Timestamp"/> as an instant.</param>
/// <param name="Signer">The address that the signature proves.</param>
[GenerateSerializer, Immutable, Alias("cap.sent-heartbeat.v1")]
public sealed record SentHeartbeat(
    [property: Id(0)] string Name,
    [property: Id(1)] HeartbeatEvent Event,
    [property: Id(2)] int? ExitStatus,
    [property: Id(3)] HeartbeatSchedule Schedule,
    [property: Id(4)] int GraceSeconds,
    [property: Id(5)] string Severity,
    [property: Id(6)] string Timestamp,
    [property: Id(7)] DateTimeOffset SentAt,
    [property: Id(8)] string Signature,
    [property: Id(9)] string Signer);

/// <summary>
/// What is known of a CapID's heartbeats of one name, stored in the log's database and changed by the log's commits alone.
/// </summary>
/// <param name="Last">The newest heartbeat.</param>
/// <param name="ReceivedAt">When it arrived.</param>
/// <param name="DueAt">When the next one is missed; null while nothing is expected, because one was missed or failed.</param>
/// <param name="Incident">Id of the incident of a missed heartbeat or a failure; null when all is well.</param>
[GenerateSerializer, Immutable, Alias("cap.heartbeat-row.v1")]
public sealed record HeartbeatRow(
    [property: Id(0)] string CapId,
    [property: Id(1)] SentHeartbeat Last,
    [property: Id(2)] DateTimeOffset ReceivedAt,
    [property: Id(3)] DateTimeOffset? DueAt,
    [property: Id(4)] string? Incident);

/// <summary>A change of what is stored of heartbeats.</summary>
/// <param name="Row">Null to delete it.</param>
[GenerateSerializer, Immutable, Alias("cap.heartbeat-commit.v1")]
public sealed record HeartbeatCommit([property: Id(0)] string CapId, [property: Id(1)] string Name, [property: Id(2)] HeartbeatRow? Row);

public enum HeartbeatVerdict
{
    Undecided = 0,
    Recorded = 1,

    /// <summary>The CapID is not registered.</summary>
    CapUnknown = 2,

    /// <summary>The key may not send it, or the CapID takes no unsigned incidents.</summary>
    Unauthorised = 3,

    /// <summary>A newer one was recorded before, or the CapID has as many names as it may.</summary>
    Conflicts = 4,

    TooMany = 5,

    /// <summary>Concurrent changes got in the way; retry.</summary>
    Busy = 6,
}

/// <param name="Heartbeat">After the heartbeat; null when it was refused, or the last.</param>
[GenerateSerializer, Immutable, Alias("cap.heartbeat-ruling.v1")]
public sealed record HeartbeatRuling(
    [property: Id(0)] HeartbeatVerdict Verdict, [property: Id(1)] HeartbeatRow? Heartbeat = null,
    [property: Id(2)] Incidents.Refusal? Refusal = null);
