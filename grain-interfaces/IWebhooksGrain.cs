using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Webhooks;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// The webhooks that are notified of severe incidents. One grain, key 0. A change by an operator is also a log entry,
/// which names the actor, the webhook's id and its host.
/// </summary>
[GrainInterfaceType("cap.webhooks"), Alias("cap.webhooks")]
public interface IWebhooksGrain : IGrainWithIntegerKey
{
    /// <summary>Registers a URL: incidents accepted from now on are delivered to it.</summary>
    /// <param name="url">Absolute, http or https, checked by the caller. A URL that is already registered gives
    /// <see cref="WebhookVerdict.Unchanged"/>.</param>
    [Alias("register")] Task<WebhookRuling> RegisterAsync(string url, WebhookOptions options, Actor actor);

    /// <summary>
    /// Changes the options. Waiting deliveries that the webhook no longer wants are ended instead of sent.
    /// </summary>
    [Alias("change")] Task<WebhookRuling> ChangeAsync(string id, WebhookOptions options, Actor actor);

    [Alias("list"), AlwaysInterleave] Task<IReadOnlyList<WebhookEndpoint>> ListAsync();

    /// <returns>Null when there is no such webhook.</returns>
    [Alias("find"), AlwaysInterleave] Task<WebhookEndpoint?> FindAsync(string id);

    /// <summary>Delivers an incident and its updates again, whatever the earlier outcome.</summary>
    /// <returns>The number of deliveries queued; null when there is no such webhook or incident.</returns>
    [Alias("redeliver"), AlwaysInterleave] Task<int?> RedeliverAsync(string id, string capId, string incidentId, Actor actor);

    /// <summary>Returns the public key that verifies deliveries to any webhook.</summary>
    [Alias("public-key"), AlwaysInterleave] Task<WebhookPublicKey> PublicKeyAsync();

    /// <summary>
    /// Removes a webhook. A delivery in progress is aborted, though the receiver may already have it.
    /// </summary>
    [Alias("remove")] Task<WebhookRuling> RemoveAsync(string id, Actor actor);

    /// <summary>
    /// Enables a webhook. Waiting deliveries are sent, and new ones start at the current ends of the logs.
    /// </summary>
    [Alias("enable")] Task<WebhookRuling> EnableAsync(string id, Actor actor);

    /// <summary>Creates a new secret. The previous one also signs for 24 hours; any older one no longer does.</summary>
    [Alias("rotate-secret")] Task<WebhookRuling> RotateSecretAsync(string id, Actor actor);

    /// <summary>
    /// Records the outcome of a delivery. Disables the webhook when its receiver is gone or has failed for too long.
    /// </summary>
    [Alias("report")] Task ReportAsync(string id, DeliveryReport report);

    /// <summary>Logs the changes whose entries are not in the log yet.</summary>
    [Alias("settle"), OneWay] Task SettleAsync();

    /// <summary>Signals that the log may have grown.</summary>
    [Alias("nudge"), OneWay, AlwaysInterleave] Task NudgeAsync(int log);

    /// <summary>Signals that the log has grown by entries about these CapIDs.</summary>
    [Alias("nudge-caps"), OneWay, AlwaysInterleave] Task NudgeAsync(int log, IReadOnlyList<string> capIds);
}

/// <summary>Sends test deliveries to one webhook. Key: its id.</summary>
[GrainInterfaceType("cap.webhook-test"), Alias("cap.webhook-test")]
public interface IWebhookTestGrain : IGrainWithStringKey
{
    /// <summary>
    /// Makes one signed attempt, at most one in <see cref="ClusterLimits.SecondsBetweenWebhookTests"/> seconds. Works
    /// for a disabled webhook too.
    /// </summary>
    [Alias("send"), AlwaysInterleave, ResponseTimeout("00:00:30")] Task<WebhookTest> SendAsync();
}
