using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Logs changes of webhooks.</summary>
internal sealed partial class WebhooksGrain
{
    /// <summary>The log that records changes of webhooks.</summary>
    private const int Log = 0;

    /// <summary>Name of the offset that follows the last change whose entry is in the log.</summary>
    private const string Offset = "webhook-changes";

    /// <summary>Maximum changes that may wait while the log takes no writes.</summary>
    private const int MaxWaiting = 100;

    /// <summary>Retries when a notifier moves its own offset meanwhile.</summary>
    private const int MaxTries = 3;

    /// <summary>Timeout of a commit, after which the caller is answered and the entry follows later.</summary>
    private static readonly TimeSpan CommitTimeout = TimeSpan.FromSeconds(3);

    /// <summary>The offset's value; null while it is unknown.</summary>
    private long? loggedUpTo;

    private bool isLoggingChanges;

    private IEnumerable<WebhookChange> Waiting => stored.State.Changes.Where(change => !(change.Number < loggedUpTo));

    private bool IsBacklogFull => Waiting.Skip(MaxWaiting - 1).Any();

    public async Task SettleAsync()
    {
        try
        {
            loggedUpTo ??= await log.PositionAsync(Log, Offset, CancellationToken.None);
            foreach (var change in Waiting.ToList())
            {
                if (change.Kind == EntryKinds.WebhookRemoved)
                {
                    await DeleteDeliveriesAsync(change.Webhook);
                }

                await LogAsync(change);
            }
        }
        catch (Exception fault)
        {
            // The next nudge tries again from where the offset is by then: an append that timed out may have been
            // committed.
            loggedUpTo = null;
            LogEntryWaits(fault.GetType().Name, fault.Message.Split('\n')[0]);
        }
        finally
        {
            isLoggingChanges = false;
        }
    }

    /// <summary>
    /// Stores a change and tries to log it. When this completes, the change is on disk, and its entry is in the log or
    /// will be.
    /// </summary>
    private async Task ChangeAsync(
        List<WebhookEndpoint> endpoints, string kind, WebhookEndpoint endpoint, Actor actor, string? reason = null)
    {
        loggedUpTo ??= await log.PositionAsync(Log, Offset, CancellationToken.None);
        var number = Math.Max(stored.State.NextChange, loggedUpTo.Value);
        var change = new WebhookChange(number, kind, time.GetUtcNow(), endpoint.Id, new Uri(endpoint.Url).IdnHost, actor, reason);
        var next = new WebhooksState { Endpoints = endpoints, Changes = [.. Waiting, change], NextChange = number + 1 };
        await stored.ReplaceAsync(next, DeactivateOnIdle);
        if (kind is EntryKinds.WebhookRemoved or EntryKinds.WebhookDisabled)
        {
            Stop(endpoint.Id);
        }

        await SettleAsync();
    }

    private async Task LogAsync(WebhookChange change)
    {
        var body = new CanonicalObject().AddActor(change.Actor).Add("host", change.Host);
        body = change.Kind == EntryKinds.WebhookDisabled ? body.Add("reason", change.Reason) : body;
        var writer = GrainFactory.GetGrain<IAuditLogGrain>(Log);
        var head = await writer.HeadAsync();
        var outcome = await writer.AppendAsync(new Append
        {
            Entries = [Entry.Write(change.Kind, head.Origin, change.At, body.Add("webhook", change.Webhook))],
            Offset = new OffsetCommit(Offset, loggedUpTo!.Value, change.Number + 1),
        }).WaitAsync(CommitTimeout, time);
        loggedUpTo = outcome.Verdict == AppendVerdict.Appended
            ? change.Number + 1
            : throw new InvalidOperationException($"The log answered {outcome.Verdict}.");
    }

    /// <summary>
    /// Deletes everything that is stored for a removed webhook. A notifier that is still at work finds its offset gone,
    /// and its outcome is not logged.
    /// </summary>
    private async Task DeleteDeliveriesAsync(string webhook)
    {
        var offset = NotifierGrain.OffsetOf(webhook);
        for (var number = 0; number < logs.Count; number++)
        {
            var verdict = AppendVerdict.StaleOffset;
            for (var tries = 0; verdict == AppendVerdict.StaleOffset && tries <= MaxTries; tries++)
            {
                var position = await log.PositionAsync(number, offset, CancellationToken.None);
                var drop = new Append
                {
                    Entries = [], DroppedWebhook = webhook, Offset = position > 0 ? new OffsetCommit(offset, position, 0) : null,
                };
                var outcome = await GrainFactory.GetGrain<IAuditLogGrain>(number).AppendAsync(drop).WaitAsync(CommitTimeout, time);
                verdict = outcome.Verdict;
            }

            if (verdict != AppendVerdict.Appended)
            {
                throw new InvalidOperationException($"Log {number} answered {verdict}.");
            }
        }
    }

    [LoggerMessage(281, LogLevel.Warning, "A change of a webhook could not be logged yet; it will be retried: {Fault} {Message}")]
    private partial void LogEntryWaits(string fault, string message);
}
