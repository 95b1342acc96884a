using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Webhooks;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// Who is notified of severe incidents. One grain, key 0. A change by an operator is a log entry as well, which names the actor, the
/// webhook's id and its host.
/// </summary>
[GrainInterfaceType("cap.webhooks"), Alias("cap.webhooks")]
public interface IWebhooksGrain : IGrainWithIntegerKey
{
    /// <summary>Incidents accepted from now on are delivered to the URL.</summary>
    /// <param name="url">Absolute, http or https, checked by the caller. One that is registered already is
    /// <see cref="WebhookVerdict.AlreadySo"/>.</param>
    [Alias("register")] Task<WebhookRuling> RegisterAsync(string url, WebhookOptions options, Actor actor);

    /// <summary>Deliveries that wait already are made all the same.</summary>
    [Alias("change")] Task<WebhookRuling> ChangeAsync(string id, WebhookOptions options, Actor actor);

    [Alias("list"), AlwaysInterleave] Task<IReadOnlyList<WebhookEndpoint>> ListAsync();

    /// <returns>Null when there is no such webhook.</returns>
    [Alias("find"), AlwaysInterleave] Task<WebhookEndpoint?> FindAsync(string id);

    /// <summary>Delivers an incident again, with what was done about it, whatever became of it before.</summary>
    /// <returns>How many deliveries wait for it now; null when there is no such webhook or no such incident.</returns>
    [Alias("redeliver"), AlwaysInterleave] Task<int?> RedeliverAsync(string id, string capId, string incidentId, Actor actor);

    /// <summary>What verifies the deliveries to any of them.</summary>
    [Alias("public-key"), AlwaysInterleave] Task<WebhookPublicKey> PublicKeyAsync();

    /// <summary>A delivery under way is ended; a receiver that has it already keeps it.</summary>
    [Alias("remove")] Task<WebhookRuling> RemoveAsync(string id, Actor actor);

    /// <summary>What waited goes out, and deliveries go on at the present ends of the logs.</summary>
    [Alias("enable")] Task<WebhookRuling> EnableAsync(string id, Actor actor);

    /// <summary>Makes a new secret; the one before signs as well for 24 hours, any earlier one no more.</summary>
    [Alias("rotate-secret")] Task<WebhookRuling> RotateSecretAsync(string id, Actor actor);

    /// <summary>What became of a delivery. Disables the webhook when it is gone, or has failed for too long.</summary>
    [Alias("report")] Task ReportAsync(string id, DeliveryReport report);

    /// <summary>Puts the entries of changes into the log that are not there yet.</summary>
    [Alias("settle"), OneWay] Task SettleAsync();

    /// <summary>There may be something new in the log.</summary>
    [Alias("nudge"), OneWay, AlwaysInterleave] Task NudgeAsync(int log);
}

/// <summary>Sends test deliveries to one webhook. Key: its id.</summary>
[GrainInterfaceType("cap.webhook-test"), Alias("cap.webhook-test")]
public interface IWebhookTestGrain : IGrainWithStringKey
{
    /// <summary>One signed attempt, at most one in <see cref="ClusterLimits.SecondsBetweenWebhookTests"/> seconds; also to a disabled
    /// webhook.</summary>
    [Alias("send"), AlwaysInterleave, ResponseTimeout("00:00:30")] Task<WebhookTest> SendAsync();
}
