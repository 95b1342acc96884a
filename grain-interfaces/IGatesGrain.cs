using CapOrleans.Contracts.Gates;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>The gates before the cluster, and which of them are silent. Key 0.</summary>
[GrainInterfaceType("cap.gates"), Alias("cap.gates")]
public interface IGatesGrain : IGrainWithIntegerKey
{
    /// <summary>Waits for nothing. When a gate is new, or was silent, the log says that it joined a little later.</summary>
    [Alias("hear"), AlwaysInterleave] Task<HeartbeatVerdict> HearAsync(GateHeartbeat heartbeat);

    [Alias("list"), AlwaysInterleave] Task<IReadOnlyList<GateView>> ListAsync();

    /// <summary>The name is free again: whoever takes it needs an API key, as at first.</summary>
    /// <returns>False when no gate has it.</returns>
    [Alias("remove")] Task<bool> RemoveAsync(string name);

    /// <summary>Looks who has joined, and who has not been heard for too long, and says so in the log.</summary>
    [Alias("watch"), OneWay] Task WatchAsync();
}
