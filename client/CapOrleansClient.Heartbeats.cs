using CapOrleans.Contracts.Heartbeats;

namespace CapOrleans.Client;

/// <summary>Heartbeats of jobs and hosts.</summary>
public sealed partial class CapOrleansClient
{
    public Task SendHeartbeatAsync(string capId, string name, HeartbeatRequest heartbeat, CancellationToken cancellationToken) =>
        server.SendAsync(
            Call.Post(Path($"v1/caps/{capId}/heartbeats/{name}"), CallAccess.Open).With(heartbeat, RequestJson.Default.HeartbeatRequest),
            cancellationToken);

    public Task<IReadOnlyList<HeartbeatView>> ListHeartbeatsAsync(string capId, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get(Path($"v1/caps/{capId}/heartbeats")), ClientJson.Default.IReadOnlyListHeartbeatView, cancellationToken);

    public Task RemoveHeartbeatAsync(string capId, string name, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Delete(Path($"v1/caps/{capId}/heartbeats/{name}")), cancellationToken);
}
