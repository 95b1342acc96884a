using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Gates;

namespace CapOrleans.Client;

/// <summary>API keys, integrations and gates.</summary>
public sealed partial class CapOrleansClient
{
    public Task<IReadOnlyList<OperatorView>> ListApiKeysAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("v1/operators", CallAccess.Operate), ClientJson.Default.IReadOnlyListOperatorView, cancellationToken);

    public Task<OperatorView> CreateApiKeyAsync(string name, string scope, CancellationToken cancellationToken)
    {
        var call = Call.Post("v1/operators").With(new OperatorRequest(name, scope), RequestJson.Default.OperatorRequest);
        return server.SendAsync(call, ClientJson.Default.OperatorView, cancellationToken);
    }

    public Task RevokeApiKeyAsync(string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Delete(Path($"v1/operators/{id}")), cancellationToken);

    public Task<IReadOnlyList<IntegrationView>> ListIntegrationsAsync(CancellationToken cancellationToken) => server.SendAsync(
        Call.Get("v1/integrations", CallAccess.Operate), ClientJson.Default.IReadOnlyListIntegrationView, cancellationToken);

    public Task<IntegrationView> CreateIntegrationAsync(string name, string capId, CancellationToken cancellationToken)
    {
        var call = Call.Post("v1/integrations").With(new IntegrationRequest(name, capId), RequestJson.Default.IntegrationRequest);
        return server.SendAsync(call, ClientJson.Default.IntegrationView, cancellationToken);
    }

    public Task RemoveIntegrationAsync(string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Delete(Path($"v1/integrations/{id}")), cancellationToken);

    public Task<IReadOnlyList<GateView>> ListGatesAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("v1/gates"), ClientJson.Default.IReadOnlyListGateView, cancellationToken);

    public Task AddGateAsync(string gate, string address, CancellationToken cancellationToken) => server.SendAsync(
        Call.Put(Path($"v1/gates/{gate}")).With(new GateBody(address), RequestJson.Default.GateBody), cancellationToken);

    public Task RemoveGateAsync(string gate, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Delete(Path($"v1/gates/{gate}")), cancellationToken);

    public Task SendHeartbeatAsync(string gate, HeartbeatBody heartbeat, CancellationToken cancellationToken) => server.SendAsync(
        Call.Post(Path($"v1/gates/{gate}/heartbeats"), CallAccess.Open).With(heartbeat, RequestJson.Default.HeartbeatBody),
        cancellationToken);
}
