using CapOrleans.Contracts.Heartbeats;

namespace CapOrleans.Core.Heartbeats;

/// <summary>Reads what is known of heartbeats.</summary>
public interface IHeartbeatReader
{
    Task<HeartbeatRow?> FindHeartbeatAsync(string capId, string name, CancellationToken cancellationToken);

    /// <returns>Those of a CapID, by name.</returns>
    Task<IReadOnlyList<HeartbeatRow>> HeartbeatsAsync(string capId, CancellationToken cancellationToken);

    /// <returns>Those that are missed by now, the longest overdue first.</returns>
    Task<IReadOnlyList<HeartbeatRow>> MissedHeartbeatsAsync(int log, DateTimeOffset now, int limit, CancellationToken cancellationToken);
}
