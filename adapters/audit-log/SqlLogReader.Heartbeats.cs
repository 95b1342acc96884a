using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Core.Heartbeats;

namespace CapOrleans.AuditLog;

/// <summary>Reads heartbeats, which are stored with the log of their CapID.</summary>
public abstract partial class SqlLogReader : IHeartbeatReader
{
    public Task<HeartbeatRow?> FindHeartbeatAsync(string capId, string name, CancellationToken cancellationToken) =>
        FirstOrDefaultAsync(HeartbeatRows.Find, HeartbeatRows.Read, cancellationToken, capId, name);

    public Task<IReadOnlyList<HeartbeatRow>> HeartbeatsAsync(string capId, CancellationToken cancellationToken) =>
        QueryAsync(HeartbeatRows.OfCap, HeartbeatRows.Read, cancellationToken, capId);

    public Task<IReadOnlyList<HeartbeatRow>> MissedHeartbeatsAsync(
        int log, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        QueryAsync(HeartbeatRows.Missed, HeartbeatRows.Read, cancellationToken, log, now.ToUnixTimeMilliseconds(), limit);
}
