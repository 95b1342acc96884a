using System.Security.Cryptography;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// The list of webhooks. Each has a notifier of its own for each log, so that a dead receiver holds up no other. A
/// change is first written to the state, together with what its log entry will contain, and then logged: the log never
/// records a change that was not made.
/// </summary>
/// <remarks>
/// Crash between the two: the next activation finds the change in the state, and the log's offset still before it, and
/// appends the entry. The offset moves with the entry, so nothing is recorded twice. Test:
/// An_entry_that_could_not_be_logged_is_logged_once_later.
/// </remarks>
internal sealed partial class WebhooksGrain(
    [PersistentState("webhooks")] IPersistentState<WebhooksState> stored, IAuditLogReader log, LogMap logs, IWebhookSender sender,
    IWebhookSecrets secrets, TimeProvider time, ILogger<WebhooksGrain> logger)
    : Grain, IWebhooksGrain
{
    private const int IdDigits = 12;

    public async Task<WebhookRuling> RegisterAsync(string url, WebhookOptions options, Actor actor)
    {
        var endpoints = stored.State.Endpoints;
        if (endpoints.Find(endpoint => endpoint.Url == url) is { } known)
        {
            return new WebhookRuling(WebhookVerdict.Unchanged, known);
        }

        if (!sender.MayReach(new Uri(url)))
        {
            return new WebhookRuling(WebhookVerdict.RefusedAddress);
        }

        if (endpoints.Count >= ClusterLimits.MaxWebhooks)
        {
            return new WebhookRuling(WebhookVerdict.Full);
        }

        if (IsBacklogFull)
        {
            return new WebhookRuling(WebhookVerdict.Busy);
        }

        var id = RandomNumberGenerator.GetHexString(IdDigits, lowercase: true);
        var added = new WebhookEndpoint(id, url, time.GetUtcNow(), actor, await HeadSizesAsync(), Options: options);
        await ChangeAsync([.. endpoints, added], EntryKinds.WebhookRegistered, added, actor);
        Wake(added.Id);
        return new WebhookRuling(WebhookVerdict.Changed, added, secrets.Export(added.Id, added.Generation));
    }

    public Task<IReadOnlyList<WebhookEndpoint>> ListAsync() => Task.FromResult<IReadOnlyList<WebhookEndpoint>>(stored.State.Endpoints);

    public Task<WebhookEndpoint?> FindAsync(string id) => Task.FromResult(Find(id));

    public Task<WebhookPublicKey> PublicKeyAsync() => Task.FromResult(secrets.PublicKey);

    public async Task<WebhookRuling> RemoveAsync(string id, Actor actor)
    {
        if (Find(id) is not { } found)
        {
            return new WebhookRuling(WebhookVerdict.Unknown);
        }

        if (IsBacklogFull)
        {
            return new WebhookRuling(WebhookVerdict.Busy);
        }

        await ChangeAsync([.. stored.State.Endpoints.Where(endpoint => endpoint.Id != id)], EntryKinds.WebhookRemoved, found, actor);
        return new WebhookRuling(WebhookVerdict.Changed, found);
    }

    public async Task<WebhookRuling> ChangeAsync(string id, WebhookOptions options, Actor actor)
    {
        if (Find(id) is not { } found)
        {
            return new WebhookRuling(WebhookVerdict.Unknown);
        }

        if (found.Sends == options)
        {
            return new WebhookRuling(WebhookVerdict.Unchanged, found);
        }

        if (IsBacklogFull)
        {
            return new WebhookRuling(WebhookVerdict.Busy);
        }

        var next = found with { Options = options };
        await ChangeAsync(Replace(next), EntryKinds.WebhookChanged, next, actor);
        return new WebhookRuling(WebhookVerdict.Changed, next);
    }

    public async Task<WebhookRuling> EnableAsync(string id, Actor actor)
    {
        if (Find(id) is not { } found)
        {
            return new WebhookRuling(WebhookVerdict.Unknown);
        }

        if (found.DisabledAt is null)
        {
            return new WebhookRuling(WebhookVerdict.Unchanged, found);
        }

        if (IsBacklogFull)
        {
            return new WebhookRuling(WebhookVerdict.Busy);
        }

        var next = found with { DisabledAt = null, DisabledReason = null, FailingSince = null, StartsAt = await HeadSizesAsync() };
        await ChangeAsync(Replace(next), EntryKinds.WebhookEnabled, next, actor);
        Wake(id);
        return new WebhookRuling(WebhookVerdict.Changed, next);
    }

    public async Task<WebhookRuling> RotateSecretAsync(string id, Actor actor)
    {
        if (Find(id) is not { } found)
        {
            return new WebhookRuling(WebhookVerdict.Unknown);
        }

        if (IsBacklogFull)
        {
            return new WebhookRuling(WebhookVerdict.Busy);
        }

        var next = SecretRotation.Rotate(found, time.GetUtcNow());
        await ChangeAsync(Replace(next), EntryKinds.WebhookSecretRotated, next, actor);
        return new WebhookRuling(WebhookVerdict.Changed, next, secrets.Export(next.Id, next.Generation));
    }

    public async Task ReportAsync(string id, DeliveryReport report)
    {
        if (Find(id) is not { } found || EndpointHealth.AfterReport(found, report,
            time.GetUtcNow()) is var next && ReferenceEquals(next, found))
        {
            return;
        }

        if (next.DisabledAt is null)
        {
            await stored.ReplaceAsync(
                new WebhooksState { Endpoints = Replace(next), Changes = stored.State.Changes, NextChange = stored.State.NextChange },
                DeactivateOnIdle);
        }
        else if (!IsBacklogFull) // otherwise the next failed delivery disables it
        {
            await ChangeAsync(Replace(next), EntryKinds.WebhookDisabled, next, Actor.Service, next.DisabledReason);
            LogDisabled(id, next.DisabledReason!);
        }
    }

    private WebhookEndpoint? Find(string id) => stored.State.Endpoints.Find(endpoint => endpoint.Id == id);

    private List<WebhookEndpoint> Replace(WebhookEndpoint next) =>
        stored.State.Endpoints.ConvertAll(endpoint => endpoint.Id == next.Id ? next : endpoint);

    /// <summary>Returns the current end of each log: a webhook is notified of later entries only.</summary>
    private Task<long[]> HeadSizesAsync() =>
        Task.WhenAll(Enumerable.Range(0, logs.Count)
            .Select(async number => (await GrainFactory.GetGrain<IAuditLogGrain>(number).HeadAsync()).Size));

    private void Wake(string id)
    {
        for (var number = 0; number < logs.Count; number++)
        {
            _ = GrainFactory.Notifier(id, number).NudgeAsync();
        }
    }

    private void Stop(string id)
    {
        for (var number = 0; number < logs.Count; number++)
        {
            _ = GrainFactory.Notifier(id, number).StopAsync();
        }
    }

    [LoggerMessage(280, LogLevel.Warning, "Webhook {Webhook} was disabled: {Reason}")]
    private partial void LogDisabled(string webhook, string reason);
}
