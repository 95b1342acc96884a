using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Hosting;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// Sends a test the same way as a delivery. Its outcome has no effect: a test neither disables a webhook nor counts as
/// a success.
/// </summary>
internal sealed class WebhookTestGrain(IWebhookSender sender, TimeProvider time, IHostApplicationLifetime host) : Grain, IWebhookTestGrain
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(ClusterLimits.SecondsBetweenWebhookTests);

    private long? sentAt;

    public async Task<WebhookTest> SendAsync()
    {
        if (await GrainFactory.GetGrain<IWebhooksGrain>(0).FindAsync(this.GetPrimaryKeyString()) is not { } endpoint)
        {
            DeactivateOnIdle();
            return new WebhookTest(WebhookTestVerdict.Unknown);
        }

        if (sentAt is { } before && time.GetElapsedTime(before) < Interval)
        {
            return new WebhookTest(WebhookTestVerdict.TooSoon);
        }

        sentAt = time.GetTimestamp();
        var now = time.GetUtcNow();
        var id = $"test/{endpoint.Id}/{now.ToUnixTimeMilliseconds()}";
        var (body, type) = endpoint.Sends.IsLegacy
            ? (new CanonicalObject().Add("timestamp", Entry.Instant(now)).Add("type", "webhook.test").Add("webhook", endpoint.Id).ToBytes(),
                "application/json")
            : (IncidentEvent.WriteTest(endpoint.Id, id, now), IncidentEvent.ContentType);
        var message = endpoint.Sends.IsLegacy ? null : EventMessage.Of(body);
        if (endpoint.Sends.Message is not MessageFormat.None and var format)
        {
            (body, type) = message!.As(format);
        }

        var delivery = new Delivery(
            id, new Uri(endpoint.Url), body, type, SecretRotation.SecretsOf(endpoint, now), message?.Title ?? "Test");
        return new WebhookTest(WebhookTestVerdict.Sent, (await sender.TryAsync(delivery, host.ApplicationStopping)).ToReport());
    }
}
