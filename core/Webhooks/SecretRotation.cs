using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Core.Webhooks;

/// <summary>Replaces an endpoint's secret without a moment in which the receiver knows none of those that sign.</summary>
public static class SecretRotation
{
    /// <summary>For so long the secret before signs as well.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromHours(24);

    public static WebhookEndpoint Rotate(WebhookEndpoint endpoint, DateTimeOffset now) =>
        endpoint with { Generation = endpoint.Generation + 1, PreviousSignsUntil = now + Overlap };

    public static SigningSecrets SecretsOf(WebhookEndpoint endpoint, DateTimeOffset now) =>
        new(endpoint.Id, endpoint.PreviousSignsUntil > now ? [endpoint.Generation, endpoint.Generation - 1] : [endpoint.Generation]);
}
