using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Telemetry;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Attempts: the first of each delivery, and the retries.</summary>
internal sealed partial class NotifierGrain
{
    /// <summary>
    /// Part of the window that is reserved for waiting deliveries, so that neither they nor new ones starve the other.
    /// </summary>
    private const int RetryWindow = 4;

    /// <summary>Waiting deliveries from which on a CapID counts as sending much.</summary>
    private const int Backlog = 3;

    /// <summary>
    /// Maximum age of what is known to be due: for a while after a crash there can be a second activation, which may
    /// add deliveries.
    /// </summary>
    private static readonly TimeSpan DueAge = TimeSpan.FromSeconds(30);

    private string? origin;
    private int retrying;
    private bool isStartingDue, isRerunRequested; // for due deliveries
    private bool isWaking;
    private Dictionary<string, int> arriving = []; // deliveries of the batch, by CapID
    private long changes; // of rows, by this activation
    private bool knowsDue;
    private DateTimeOffset? nextDue; // of the waiting deliveries, or earlier; null when none waits
    private DateTimeOffset dueReadAt;
    private DateTimeOffset pausedUntil;
    private DeliveryTurns? turns;

    private bool MayRetry
    {
        get
        {
            var now = Time.GetUtcNow();
            return CanProceed && retrying < RetryWindow && inProgress.Count < Window && throttle.MayStart && now >= pausedUntil
                && HasDue;
        }
    }

    /// <summary>
    /// Whether a waiting delivery is due or may be; its slots stay reserved however many entries are new.
    /// </summary>
    private bool HasDue => !knowsDue || nextDue <= Time.GetUtcNow();

    /// <summary>
    /// Starts the due deliveries without waiting for their outcome. Only one run at a time, so that a row does not
    /// change after it was read.
    /// </summary>
    private async Task RetryDueAsync()
    {
        isRerunRequested = true;
        if (isStartingDue)
        {
            return;
        }

        isStartingDue = true;
        try
        {
            while (isRerunRequested)
            {
                isRerunRequested = false;
                await StartDueAsync();
            }
        }
        finally
        {
            isStartingDue = false;
        }
    }

    /// <summary>Starts due deliveries. A receiver that was unavailable is probed with a single one.</summary>
    private async Task StartDueAsync()
    {
        if (!knowsDue || Time.GetUtcNow() - dueReadAt > DueAge)
        {
            await ReadDueAsync();
        }

        turns ??= new DeliveryTurns(deliveries, throttle, LogNumber, WebhookId, Time);
        while (MayRetry && !(throttle.IsProbing && inProgress.Count > 0))
        {
            if (await turns.NextAsync([.. inProgress], Stopping) is not { } row)
            {
                await ReadDueAsync();
                break;
            }

            if (inProgress.Add(row.Index))
            {
                retrying++;
                throttle.NoteStart(row.CapId);
                _ = FinishAsync(row.Index, RetryAsync(row), isRetry: true);
            }
        }

        // Other reasons to wait have their own wake-up: a free slot, or a receiver that is available again.
        if (!isWaking && HasDue && throttle.NextAt is { } next)
        {
            _ = WakeAsync(next);
        }
    }

    /// <summary>Nudges when the next attempt to a throttled receiver may be made.</summary>
    private async Task WakeAsync(DateTimeOffset at)
    {
        isWaking = true;
        try
        {
            await Task.Delay(Later(at, Time.GetUtcNow()) - Time.GetUtcNow(), Time, Stopping);
            _ = this.AsReference<INotifierGrain>().NudgeAsync();
        }
        catch (OperationCanceledException)
        {
            // The silo is stopping.
        }
        finally
        {
            isWaking = false;
        }
    }

    private async Task ReadDueAsync()
    {
        var (known, now) = (changes, Time.GetUtcNow());
        var next = await deliveries.NextDueAsync(LogNumber, WebhookId, Stopping);
        (knowsDue, nextDue, dueReadAt) = (known == changes, next, now);
    }

    /// <summary>
    /// Records what our own commit changed, so that the database need not be asked whether something is due.
    /// </summary>
    private void NoteChanged(IEnumerable<DeliveryRow> rows)
    {
        changes++;
        foreach (var row in rows.Where(row => row.DueAt is not null))
        {
            nextDue = nextDue < row.DueAt ? nextDue : row.DueAt;
        }
    }

    private async Task<DeliveryRow?> RetryAsync(DeliveryRow row)
    {
        var page = await Log.ReadAsync(LogNumber, row.Index, 1, Stopping);
        var entry = page.Entries[0];
        return endpoint is not { } target ? null // it was removed meanwhile
            : target.Wants(Notification.Of(entry)!) ? await SendAsync(row, entry) : NotSent(row, DeliveryFault.NotWanted);
    }

    /// <summary>Whether more of this CapID waits, in the log's database or in the batch that is being delivered.</summary>
    private async Task<bool> HasBacklogAsync(DeliveryRow row) => arriving.GetValueOrDefault(row.CapId) >= Backlog
        || await deliveries.CountWaitingAsync(LogNumber, WebhookId, row.SeverityRank, row.CapId, Backlog, Stopping) >= Backlog;

    /// <returns>The delivery's row after an attempt; null when none was made.</returns>
    private async Task<DeliveryRow?> SendAsync(DeliveryRow row, LogEntry entry)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stopping, stop.Token);
        try
        {
            var (target, at) = (endpoint!, Time.GetUtcNow());
            if (await DeliveryOfAsync(entry, target, at) is not { } delivery)
            {
                turns?.CommitTurn();
                return NotSent(row, DeliveryFault.Answered);
            }

            var outcome = await sender.TryWithCircuitBreakerAsync(delivery, end.Token);
            if (outcome is null)
            {
                throttle.NoteCircuitOpen();
                turns?.RevertTurn();
                return null;
            }

            turns?.CommitTurn();
            throttle.Note(row.CapId, outcome, outcome.Code == DeliveryOutcome.TooMany && await HasBacklogAsync(row));
            GrainMetrics.Delivered(outcome.Delivered ? "delivered" : outcome.Fault.Text());
            await ReportHealthAsync(outcome);
            return DeliverySchedule.AfterAttempt(
                row, outcome, at, Random.Shared.NextDouble(), isPage: Notification.Of(entry)!.Webhooks is not null);
        }
        catch (OperationCanceledException) when (!Stopping.IsCancellationRequested)
        {
            return null; // the webhook was removed or disabled meanwhile
        }
    }

    private DeliveryRow NotSent(DeliveryRow row, DeliveryFault why) => row with
    {
        State = DeliveryState.Exhausted, DueAt = null, ChangedAt = Time.GetUtcNow(), Tries = row.Tries + 1,
        Attempts = [.. row.Attempts, new DeliveryAttempt(Time.GetUtcNow(), 0, why, null, null)],
    };

    private async Task<string> OriginAsync() => origin ??= (await Log.HeadAsync(LogNumber, Stopping))!.Origin;
}
