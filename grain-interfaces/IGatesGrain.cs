using CapOrleans.Contracts.Gates;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>The gates before the cluster, and which of them are silent. Key 0.</summary>
[GrainInterfaceType("cap.gates"), Alias("cap.gates")]
public interface IGatesGrain : IGrainWithIntegerKey
{
    /// <summary>When a gate is new, or was silent, the log says that it joined before this returns.</summary>
    [Alias("hear")] Task<HeartbeatVerdict> HearAsync(GateHeartbeat heartbeat);

    [Alias("list")] Task<IReadOnlyList<GateView>> ListAsync();

    /// <summary>Looks who has not been heard for too long, and says so in the log.</summary>
    [Alias("watch"), OneWay] Task WatchAsync();
}
