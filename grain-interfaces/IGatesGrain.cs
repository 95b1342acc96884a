using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Gates;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>The gates before the cluster, and which of them are silent. Key 0.</summary>
[GrainInterfaceType("cap.gates"), Alias("cap.gates")]
public interface IGatesGrain : IGrainWithIntegerKey
{
    /// <summary>Waits for nothing. When a gate is new, or was silent, the log says that it joined a little later.</summary>
    [Alias("record"), AlwaysInterleave] Task<HeartbeatVerdict> RecordAsync(GateHeartbeat heartbeat);

    [Alias("list"), AlwaysInterleave] Task<IReadOnlyList<GateView>> ListAsync();

    /// <summary>Gives the name to a key. When it completes with <see cref="GateAddition.Added"/>, the log says so.</summary>
    /// <param name="address">Of the key that signs the gate's heartbeats, EIP-55.</param>
    [Alias("add")] Task<GateAddition> AddAsync(string name, string address, Actor actor);

    /// <summary>The name is free again.</summary>
    /// <returns>False when no gate has it.</returns>
    [Alias("remove")] Task<bool> RemoveAsync(string name, Actor actor);

    /// <summary>Looks who has joined, and who has not been heard for too long, and says so in the log.</summary>
    [Alias("watch"), OneWay] Task WatchAsync();
}
