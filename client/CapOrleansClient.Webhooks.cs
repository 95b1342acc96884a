using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Client;

/// <summary>Webhooks.</summary>
public sealed partial class CapOrleansClient
{
    public Task<IReadOnlyList<WebhookView>> ListWebhooksAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("v1/webhooks", CallAccess.Operate), ClientJson.Default.IReadOnlyListWebhookView, cancellationToken);

    public Task<WebhookView> RegisterWebhookAsync(string url, CancellationToken cancellationToken)
    {
        var call = Call.Post("v1/webhooks").With(new WebhookRequest(url), RequestJson.Default.WebhookRequest);
        return server.SendAsync(call, ClientJson.Default.WebhookView, cancellationToken);
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
