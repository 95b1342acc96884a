using Orleans;

namespace CapOrleans.Contracts.Gates;

/// <summary>A gate's word that it is there, with its signature already checked.</summary>
/// <param name="Address">Of the key that signed.</param>
/// <param name="SentAt">By the gate's clock.</param>
/// <param name="Waiting">Incidents in its spool.</param>
/// <param name="Dead">Dead letters.</param>
/// <param name="MayJoin">Whoever brought it may read the cluster: a name that nobody has is given to this key.</param>
[GenerateSerializer, Immutable, Alias("cap.gate-heartbeat.v1")]
public sealed record GateHeartbeat(
    [property: Id(0)] string Gate,
    [property: Id(1)] string Address,
    [property: Id(2)] DateTimeOffset SentAt,
    [property: Id(3)] long Waiting,
    [property: Id(4)] long Dead,
    [property: Id(5)] bool MayJoin);

public enum HeartbeatVerdict
{
    Undecided = 0,
    Heard = 1,

    /// <summary>Nobody has this name, and who brought it may not take it.</summary>
    Unknown = 2,

    /// <summary>The name is another key's.</summary>
    OtherKey = 3,

    /// <summary>The time is too far from the cluster's clock, or not later than the one before.</summary>
    Stale = 4,

    /// <summary>There are as many gates as there may be, or too many came at once.</summary>
    TooMany = 5,
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
