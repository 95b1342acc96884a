using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>Watches for missed heartbeats of one log's CapIDs. Key: the log's number.</summary>
[GrainInterfaceType("cap.heartbeats"), Alias("cap.heartbeats")]
public interface IHeartbeatsGrain : IGrainWithIntegerKey
{
    /// <summary>Has each heartbeat that is missed become an incident.</summary>
    [Alias("watch"), OneWay] Task WatchAsync();
}
