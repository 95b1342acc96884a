using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Core.Webhooks;

/// <summary>
/// Replaces an endpoint's secret with an overlap, so that at every moment the receiver
/// knows one of the secrets that sign.
/// </summary>
public static class SecretRotation
{
    /// <summary>How long the previous secret signs as well.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromHours(24);

    public static WebhookEndpoint Rotate(WebhookEndpoint endpoint, DateTimeOffset now) =>
        endpoint with { Generation = endpoint.Generation + 1, PreviousSignsUntil = now + Overlap };

    public static SigningSecrets SecretsOf(WebhookEndpoint endpoint, DateTimeOffset now) =>
        new(endpoint.Id, endpoint.PreviousSignsUntil > now ? [endpoint.Generation, endpoint.Generation - 1] : [endpoint.Generation]);
}
