using System.ComponentModel.DataAnnotations;
using Orleans;

namespace CapOrleans.Contracts.Gates;

/// <summary>A gate's heartbeat, with its signature already verified.</summary>
/// <param name="Address">Address of the key that signed it.</param>
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

    /// <summary>The name now belongs to the key, and the log records who added it.</summary>
    Added = 1,

    /// <summary>The name belonged to the key already.</summary>
    Unchanged = 2,

    /// <summary>The name belongs to another key.</summary>
    OtherKey = 3,

    /// <summary>The cluster has reached its limit of gates.</summary>
    Full = 4,
}

public enum HeartbeatVerdict
{
    Undecided = 0,
    Accepted = 1,

    /// <summary>No gate was added under this name.</summary>
    Unknown = 2,

    /// <summary>The name belongs to another key.</summary>
    OtherKey = 3,

    /// <summary>
    /// The time is too far from the cluster's clock, or not later than that of the previous heartbeat.
    /// </summary>
    Stale = 4,
}

/// <param name="LastHeardAt">Arrival of the last heartbeat by the cluster's clock; null when none arrived
/// since the cluster started.</param>
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
/// <param name="Signature">
/// <c>personal_sign</c> over <c>CapOrleans gate|{gate}|{timestamp}|{waiting}|{dead}</c>.
/// </param>
public sealed record HeartbeatBody(
    [property: Required] string? Timestamp, [property: Required] long? Waiting, [property: Required] long? Dead,
    [property: Required] string? Signature);

/// <param name="Address">Address of the gate's key, as the gate's status shows it.</param>
public sealed record GateBody([property: Required] string? Address);
