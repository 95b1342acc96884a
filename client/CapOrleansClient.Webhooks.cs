using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Client;

/// <summary>Webhooks.</summary>
public sealed partial class CapOrleansClient
{
    public Task<IReadOnlyList<WebhookView>> ListWebhooksAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("v1/webhooks", CallAccess.Operate), ClientJson.Default.IReadOnlyListWebhookView, cancellationToken);

    public Task<WebhookView> RegisterWebhookAsync(WebhookRequest webhook, CancellationToken cancellationToken)
    {
        var call = Call.Post("v1/webhooks").With(webhook, RequestJson.Default.WebhookRequest);
        return server.SendAsync(call, ClientJson.Default.WebhookView, cancellationToken);
    }

    public Task<WebhookView> ChangeWebhookAsync(string id, WebhookChangeRequest change, CancellationToken cancellationToken)
    {
        var call = Call.Patch(Path($"v1/webhooks/{id}")).With(change, RequestJson.Default.WebhookChangeRequest);
        return server.SendAsync(call, ClientJson.Default.WebhookView, cancellationToken);
    }

    public IAsyncEnumerable<DeliveryView> ListDeliveriesAsync(string webhook, string? state, CancellationToken cancellationToken) =>
        PagesAsync(
        next => Path($"v1/webhooks/{webhook}/deliveries?limit=100") + (state is null ? "" : Path($"&state={state}"))
            + (next is null ? "" : Path($"&cursor={next}")),
        CallAccess.Operate, ClientJson.Default.DeliveryListAnswer, page => (page.Items, page.Next), cancellationToken);

    public async Task<int> RedeliverAsync(string webhook, RedeliveryRequest request, CancellationToken cancellationToken)
    {
        var call = Call.Post(Path($"v1/webhooks/{webhook}/redeliver")).With(request, RequestJson.Default.RedeliveryRequest);
        return (await server.SendAsync(call, ClientJson.Default.RedeliveryView, cancellationToken)).Deliveries;
    }

    public Task RemoveWebhookAsync(string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Delete(Path($"v1/webhooks/{id}")), cancellationToken);

    public Task<WebhookTestView> TestWebhookAsync(string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Post(Path($"v1/webhooks/{id}/test")), ClientJson.Default.WebhookTestView, cancellationToken);

    public Task<WebhookView> EnableWebhookAsync(string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Post(Path($"v1/webhooks/{id}/enable"), isRepeatable: true), ClientJson.Default.WebhookView, cancellationToken);

    public Task<WebhookView> RotateWebhookSecretAsync(string id, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Post(Path($"v1/webhooks/{id}/rotate-secret")), ClientJson.Default.WebhookView, cancellationToken);
}
