using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Notify;

/// <summary>The secrets and the public key with which receivers verify deliveries.</summary>
public sealed class EndpointSecrets : IWebhookSecrets
{
    private readonly WebhookSecret deployment;

    /// <param name="deployment">The deployment's secret; the same on every node.</param>
    public EndpointSecrets(WebhookSecret deployment)
    {
        this.deployment = deployment;
        var key = deployment.DeriveKey();
        PublicKey = new WebhookPublicKey(key.KeyId, key.PublicKey);
    }

    public WebhookPublicKey PublicKey { get; }

    public string Export(string endpointId, int generation) => deployment.Derive(endpointId, generation).Export();
}
