using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Consumers;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Webhooks;

/// <summary>The outcomes of attempts, and how they are stored.</summary>
internal sealed partial class NotifierGrain
{
    /// <summary>Resolution of a receiver's health: a success is reported at most once in this time.</summary>
    private static readonly TimeSpan SuccessInterval = TimeSpan.FromMinutes(1);

    /// <summary>Backoff between attempts to store an outcome, after a fault on our side.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(30);

    private DateTimeOffset? successReportedAt;

    /// <summary>
    /// Commits the outcome of an attempt that ran in the background; until then, no other attempt of its delivery is
    /// made.
    /// </summary>
    private async Task FinishAsync(long index, Task<DeliveryRow?> sending, bool isRetry = false)
    {
        try
        {
            if (await sending is { } row)
            {
                await StoreAsync(row);
            }
        }
        catch (Exception fault)
        {
            pausedUntil = Time.GetUtcNow() + LongestPause; // its row says when it is due again
            if (!Stopping.IsCancellationRequested)
            {
                LogReportLost(WebhookId, fault.GetType().Name);
            }
        }
        finally
        {
            inProgress.Remove(index);
            retrying -= isRetry ? 1 : 0;
        }

        _ = this.AsReference<INotifierGrain>().NudgeAsync(); // a slot is free
    }

    /// <summary>
    /// Stores an outcome, and retries until that succeeds: what a receiver has must not be sent again because the log
    /// takes no writes at the moment.
    /// </summary>
    private async Task StoreAsync(DeliveryRow row)
    {
        for (var pause = FirstPause; ; pause = pause < LongestPause ? pause * 2 : pause)
        {
            try
            {
                if ((stop.IsCancellationRequested || pause > FirstPause) && await Webhooks.FindAsync(WebhookId).WaitAsync(Stopping) is null)
                {
                    return; // nothing is stored for a removed webhook
                }

                var step = await StepAsync(0, [row]);
                await AppendAsync(step.Entries, step.Deliveries);
                return;
            }
            catch (InvalidOperationException) when (stop.IsCancellationRequested)
            {
                return; // this activation is over and makes no calls any more; the next one repeats the attempt
            }
            catch (Exception fault) when (!Stopping.IsCancellationRequested)
            {
                LogReportLost(WebhookId, fault.GetType().Name);
            }

            await Task.Delay(pause, Time, Stopping);
        }
    }

    /// <summary>Makes a step with an entry for each delivery that has ended.</summary>
    private async Task<Step> StepAsync(long to, IReadOnlyList<DeliveryRow> rows)
    {
        var name = await OriginAsync();
        var ended = rows.Where(row => row.State != DeliveryState.Waiting).Select(row => Entry.Write(
            row.State == DeliveryState.Delivered ? EntryKinds.DeliverySucceeded : EntryKinds.DeliveryExhausted, name, Time.GetUtcNow(),
            new CanonicalObject()
                .Add("attempts", row.Tries)
                .Add("capId", row.CapId)
                .Add("fault", row.State == DeliveryState.Delivered ? null : row.Attempts[^1].Fault.Text())
                .Add("incidentId", row.IncidentId)
                .Add("index", row.Index)
                .Add("webhook", WebhookId)));
        NoteChanged(rows);
        return new Step(to, [.. ended]) { Deliveries = rows };
    }

    private async Task AppendAsync(IReadOnlyList<EntryDraft> entries, IReadOnlyList<DeliveryRow> rows)
    {
        var outcome = await GrainFactory.GetGrain<IAuditLogGrain>(LogNumber)
            .AppendAsync(new Append { Entries = entries, Deliveries = rows }).WaitAsync(Stopping);
        NoteChanged(rows);
        if (outcome.Verdict != AppendVerdict.Appended)
        {
            throw new TimeoutException($"The log answered {outcome.Verdict}.");
        }
    }

    /// <summary>
    /// Reports an outcome to the list of webhooks. Called before the commit, so that a receiver that is gone is
    /// disabled before anything else is sent to it.
    /// </summary>
    private async Task ReportHealthAsync(DeliveryOutcome outcome)
    {
        if (outcome.Delivered && successReportedAt + SuccessInterval > Time.GetUtcNow())
        {
            return;
        }

        try
        {
            await Webhooks.ReportAsync(WebhookId, outcome.ToReport()).WaitAsync(Stopping);
            successReportedAt = outcome.Delivered ? Time.GetUtcNow() : null;
        }
        catch (Exception fault) when (!Stopping.IsCancellationRequested)
        {
            // A fault in recording a receiver's health must not cause a delivery to be repeated.
            LogReportLost(WebhookId, fault.GetType().Name);
        }
    }

    [LoggerMessage(282, LogLevel.Warning, "Could not store the outcome of a delivery to webhook {Webhook}: {Fault}")]
    private partial void LogReportLost(string webhook, string fault);
}
