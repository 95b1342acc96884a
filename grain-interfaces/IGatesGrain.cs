using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Gates;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>The gates in front of the cluster, and which of them are silent. Key 0.</summary>
[GrainInterfaceType("cap.gates"), Alias("cap.gates")]
public interface IGatesGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Records a heartbeat in memory, without waiting for the log. A gate that is new or was silent is logged as joined
    /// a little later.
    /// </summary>
    [Alias("record"), AlwaysInterleave] Task<HeartbeatVerdict> RecordAsync(GateHeartbeat heartbeat);

    [Alias("list"), AlwaysInterleave] Task<IReadOnlyList<GateView>> ListAsync();

    /// <summary>
    /// Assigns the name to a key. When it completes with <see cref="GateAddition.Added"/>, the assignment is in the
    /// log.
    /// </summary>
    /// <param name="address">EIP-55 address of the key that signs the gate's heartbeats.</param>
    [Alias("add")] Task<GateAddition> AddAsync(string name, string address, Actor actor);

    /// <summary>Removes the gate, which frees its name.</summary>
    /// <returns>False when no gate has this name.</returns>
    [Alias("remove")] Task<bool> RemoveAsync(string name, Actor actor);

    /// <summary>Checks which gates have joined and which have been silent for too long, and logs both.</summary>
    [Alias("watch"), OneWay] Task WatchAsync();
}
