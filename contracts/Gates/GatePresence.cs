using System.ComponentModel.DataAnnotations;
using Orleans;

namespace CapOrleans.Contracts.Gates;

/// <summary>A gate's statement that it is there, with its signature already checked.</summary>
/// <param name="Address">Of the key that signed.</param>
/// <param name="SentAt">By the gate's clock.</param>
/// <param name="Waiting">Incidents in its spool.</param>
/// <param name="Dead">Dead letters.</param>
[GenerateSerializer, Immutable, Alias("cap.gate-heartbeat.v1")]
public sealed record GateHeartbeat(
    [property: Id(0)] string Gate,
    [property: Id(1)] string Address,
    [property: Id(2)] DateTimeOffset SentAt,
    [property: Id(3)] long Waiting,
    [property: Id(4)] long Dead);

public enum GateAddition
{
    Undecided = 0,

    /// <summary>The name is the key's now, and the log says who gave it.</summary>
    Added = 1,

    /// <summary>It was before.</summary>
    Unchanged = 2,

    /// <summary>Another key has the name.</summary>
    OtherKey = 3,

    /// <summary>There are as many gates as there may be.</summary>
    Full = 4,
}

public enum HeartbeatVerdict
{
    Undecided = 0,
    Heard = 1,

    /// <summary>No gate was added under this name.</summary>
    Unknown = 2,

    /// <summary>The name is another key's.</summary>
    OtherKey = 3,

    /// <summary>The time is too far from the cluster's clock, or not later than the one before.</summary>
    Stale = 4,
}

/// <param name="LastHeardAt">By the cluster's clock; null since the cluster's start.</param>
[GenerateSerializer, Immutable, Alias("cap.gate-view.v1")]
public sealed record GateView(
    [property: Id(0)] string Gate,
    [property: Id(1)] string Address,
    [property: Id(2)] DateTimeOffset KnownSince,
    [property: Id(3)] DateTimeOffset? LastHeardAt,
    [property: Id(4)] bool IsSilent,
    [property: Id(5)] long Waiting,
    [property: Id(6)] long Dead);

/// <param name="Timestamp">By the gate's clock, ISO 8601 UTC.</param>
/// <param name="Signature"><c>personal_sign</c> over <c>CapOrleans gate|{gate}|{timestamp}|{waiting}|{dead}</c>.</param>
public sealed record HeartbeatBody(
    [property: Required] string? Timestamp, [property: Required] long? Waiting, [property: Required] long? Dead,
    [property: Required] string? Signature);

/// <param name="Address">Of the gate's key, as the gate's status shows it.</param>
public sealed record GateBody([property: Required] string? Address);
