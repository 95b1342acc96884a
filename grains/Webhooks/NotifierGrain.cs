using System.Globalization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Consumers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// Notifies one webhook of the incidents that it wants, each at least once. New ones are sent straight from the log,
/// several at a time; a delivery that fails waits in the log's database for its next attempt, and does not hold up
/// later ones. The outcome of a delivery is a log entry. It contains neither the URL, which often is a secret, nor the
/// receiver's answer, with which readers of the log could probe networks.
/// </summary>
/// <remarks>
/// Crash before a commit: what was sent is sent again, under the same id. Crash while a slow attempt is in progress:
/// its row is due again when its lease ends. Test: <c>A_killed_node_makes_its_outstanding_deliveries_after_the_restart</c>.
/// </remarks>
internal sealed partial class NotifierGrain(
    IAuditLogReader log, IDeliveryReader deliveries, IIncidentGroupReader groups, IWebhookSender sender, TimeProvider time,
    IHostApplicationLifetime host, ILogger<NotifierGrain> logger)
    : ConsumerGrain(log, time, host, logger), INotifierGrain, IDisposable
{
    /// <summary>Maximum attempts in progress.</summary>
    private const int Window = 8;

    /// <summary>Maximum deliveries added by one commit.</summary>
    private const int MaxRows = 256;

    /// <summary>Time after which an attempt is no longer awaited, and continues in the background.</summary>
    private static readonly TimeSpan FirstAttemptTimeout = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Time after which an attempt without a recorded outcome is due again: it has ended long before, so its activation
    /// must be gone.
    /// </summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stop = new();
    private readonly HashSet<long> inProgress = []; // by index; no one else sends these
    private readonly Dictionary<long, Task<DeliveryRow?>> uncommitted = []; // first attempts that are not committed yet
    private readonly ReceiverThrottle throttle = new(time);
    private WebhookEndpoint? endpoint;
    private DateTimeOffset lookedAt;

    private IWebhooksGrain Webhooks => GrainFactory.GetGrain<IWebhooksGrain>(0);

    private string WebhookId
    {
        get
        {
            var key = this.GetPrimaryKeyString();
            return key[..key.IndexOf('/', StringComparison.Ordinal)];
        }
    }

    protected override int LogNumber => int.Parse(this.GetPrimaryKeyString().AsSpan(WebhookId.Length + 1), CultureInfo.InvariantCulture);

    protected override string Consumer => OffsetOf(WebhookId);

    /// <summary>Zero: people are notified without delay.</summary>
    protected override TimeSpan Interval => TimeSpan.Zero;

    protected override bool CanProceed => endpoint is { DisabledAt: null } && !stop.IsCancellationRequested;

    protected override long FirstIndex => endpoint is { } found && LogNumber < found.StartsAt.Count ? found.StartsAt[LogNumber] : 0;

    internal static string OffsetOf(string webhookId) => $"notify/{webhookId}";

    public Task StopAsync()
    {
        stop.Cancel();
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override async Task<Progress> ProgressAsync()
    {
        await RefreshEndpointAsync();
        var progress = await base.ProgressAsync() with
        {
            Waiting = await deliveries.CountWaitingAsync(LogNumber, WebhookId, Progress.MostCounted, Stopping),
        };
        return progress.LastError is null && endpoint is { FailingSince: { } since, LastError: { } error }
            ? progress with { LastError = error.Fault.Text(), FailingSince = since }
            : progress;
    }

    public void Dispose() => stop.Dispose();

    protected override async Task PrepareAsync()
    {
        await RefreshEndpointAsync();
        await RetryDueAsync();
    }

    protected override async Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        var (to, waiting) = await WantedAsync(from, entries);
        arriving = waiting.CountBy(next => next.Row.CapId).ToDictionary(StringComparer.Ordinal);
        if (waiting.Count == 0)
        {
            if (Time.GetUtcNow() - lookedAt > LookInterval)
            {
                await PrepareAsync(); // entries that it does not want must not delay waiting deliveries
            }

            return Step.Skip(to);
        }

        var timeout = endpoint!.Sends.IsOrdered ? null : Task.Delay(FirstAttemptTimeout, Time, Stopping);
        Start(from, waiting);
        try
        {
            var all = Task.WhenAll(uncommitted.Values);
            await (timeout is null ? all : (Task)Task.WhenAny(all, timeout));
            Stopping.ThrowIfCancellationRequested();
            var (rows, unfinished) = (new List<DeliveryRow>(), new Dictionary<long, Task<DeliveryRow?>>());
            foreach (var (row, _) in waiting)
            {
                if (uncommitted.TryGetValue(row.Index, out var sending) && !sending.IsCompleted)
                {
                    unfinished.Add(row.Index, sending);
                    rows.Add(row with { DueAt = Time.GetUtcNow() + Lease });
                    continue;
                }

                var sent = sending is null ? null : await sending;
                rows.Add(sent ?? row with
                {
                    DueAt = Later(sending is null ? row.DueAt!.Value : Time.GetUtcNow(), throttle.UnavailableUntil),
                });
            }

            await CommitAsync(await StepAsync(to, rows));
            NoteChanged(rows); // a query that ran meanwhile saw the rows as they were before
            Detach(unfinished);
        }
        catch
        {
            // Keep what was sent, so that it is not sent again just because no commit has stored it yet.
            Forget(uncommitted.Where(one => one.Value.IsFaulted || one.Value.IsCanceled).Select(one => one.Key));
            throw;
        }

        await RetryDueAsync(); // deliveries that found no free slot
        return Step.Skip(to);
    }

    /// <summary>
    /// Starts as many attempts as there are free slots. Earlier attempts that are not committed yet take up slots.
    /// </summary>
    private void Start(long from, List<(DeliveryRow Row, LogEntry Entry)> waiting)
    {
        Forget(uncommitted.Keys.Where(index => index < from)); // another activation has continued from there
        var free = throttle.IsAway || throttle.IsProbing || throttle.IsSlow ? 0 : endpoint!.Sends.IsOrdered ? 1
            : Math.Min(Window - inProgress.Count, (HasDue ? Window - RetryWindow : Window) - (inProgress.Count - retrying));
        foreach (var (row, entry) in waiting.Where(next => !inProgress.Contains(next.Row.Index) && throttle.MayStartOf(next.Row.CapId)).Take(
            Math.Max(0, free)))
        {
            inProgress.Add(row.Index);
            throttle.NoteStart(row.CapId);
            uncommitted.Add(row.Index, SendAsync(row, entry));
        }
    }

    private void Forget(IEnumerable<long> indexes)
    {
        foreach (var index in indexes.ToList())
        {
            uncommitted.Remove(index);
            inProgress.Remove(index);
        }
    }

    /// <summary>After the commit, leaves to the background the attempts whose outcomes it does not have.</summary>
    /// <param name="unfinished">Those that were in progress when the commit began; some may have ended meanwhile.</param>
    private void Detach(Dictionary<long, Task<DeliveryRow?>> unfinished)
    {
        foreach (var (index, sending) in unfinished)
        {
            uncommitted.Remove(index);
            _ = FinishAsync(index, sending);
        }

        Forget(uncommitted.Keys);
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private async Task RefreshEndpointAsync()
    {
        lookedAt = Time.GetUtcNow();
        endpoint = await Webhooks.FindAsync(WebhookId).WaitAsync(Stopping);
    }
}
