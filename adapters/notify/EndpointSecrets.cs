using CapOrleans.Core.Webhooks;

namespace CapOrleans.Notify;

/// <param name="deployment">The deployment's secret; the same on every node.</param>
public sealed class EndpointSecrets(WebhookSecret deployment) : IWebhookSecrets
{
    public string Export(string endpointId, int generation) => deployment.Derive(endpointId, generation).Export();
}
