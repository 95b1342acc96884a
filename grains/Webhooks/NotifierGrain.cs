using System.Globalization;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Consumers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// Notifies one webhook of the incidents that it wants, each at least once. New ones are sent straight from the log, several at once; what
/// is not taken waits in the log's database for its next attempt, and holds up nothing that comes after it. How a delivery ends is an
/// entry; the URL, which often is a secret, is not in it, nor what the receiver answered: readers could look into networks with it.
/// </summary>
/// <remarks>
/// Crash before a commit: what was sent is sent again, under the same id. Crash while a slow attempt is under way: its row is due again
/// when its lease ends. Test: <c>A_node_that_is_killed_delivers_what_it_had_not</c>.
/// </remarks>
internal sealed partial class NotifierGrain(
    IAuditLogReader log, IDeliveryReader deliveries, IWebhookSender sender, TimeProvider time, IHostApplicationLifetime host,
    ILogger<NotifierGrain> logger)
    : ConsumerGrain(log, time, host, logger), INotifierGrain, IDisposable
{
    /// <summary>Attempts under way at once.</summary>
    private const int Window = 8;

    /// <summary>Deliveries that come to wait with one commit.</summary>
    private const int MaxRows = 64;

    /// <summary>For an attempt that takes longer than this, nothing waits.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>An attempt has ended long before; if nobody has said how, whoever made it is gone.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource stop = new();
    private readonly HashSet<long> underWay = [];
    private WebhookEndpoint? endpoint;

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

    /// <summary>People are notified at once.</summary>
    protected override TimeSpan Interval => TimeSpan.Zero;

    protected override bool MayGoOn => endpoint is { DisabledAt: null } && !stop.IsCancellationRequested;

    protected override long First => endpoint is { } found && LogNumber < found.StartsAt.Count ? found.StartsAt[LogNumber] : 0;

    internal static string OffsetOf(string webhookId) => $"notify/{webhookId}";

    public Task StopAsync()
    {
        stop.Cancel();
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override async Task<Progress> ProgressAsync()
    {
        await LookAsync();
        var progress = await base.ProgressAsync();
        return progress.LastError is null && endpoint is { FailingSince: { } since, LastError: { } error }
            ? progress with { LastError = error.Fault.Text(), FailingSince = since }
            : progress;
    }

    public void Dispose() => stop.Dispose();

    protected override async Task PrepareAsync()
    {
        await LookAsync();
        await RetryDueAsync();
    }

    protected override async Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        var (to, waiting) = await WantedAsync(from, entries);
        if (waiting.Count == 0)
        {
            return Step.Skip(to);
        }

        var patience = endpoint!.Sends.IsOrdered ? null : Task.Delay(Patience, Time, Stopping);
        var free = endpoint.Sends.IsOrdered ? 1 : Math.Max(0, Window - underWay.Count);
        var started = waiting.Take(free).Select(next => (next.Row, Sending: StartAsync(next.Row, next.Incident))).ToList();
        try
        {
            var all = Task.WhenAll(started.Select(one => one.Sending));
            await (patience is null ? all : (Task)Task.WhenAny(all, patience));
            Stopping.ThrowIfCancellationRequested();
            var ended = started.Where(one => one.Sending.IsCompleted).ToList();
            started.RemoveAll(ended.Contains);
            await CommitAsync(await StepAsync(to,
            [
                .. await Task.WhenAll(ended.Select(one => one.Sending)),
                .. started.Select(one => one.Row with { DueAt = Time.GetUtcNow() + Lease }),
                .. waiting.Skip(free).Select(next => next.Row),
            ]));
            ended.ForEach(one => underWay.Remove(one.Row.Index));
        }
        catch
        {
            waiting.ForEach(next => underWay.Remove(next.Row.Index)); // sent again from the same offset
            throw;
        }

        started.ForEach(one => _ = FinishAsync(one.Row.Index, one.Sending));
        await RetryDueAsync(); // what found no place
        return Step.Skip(to);
    }

    /// <returns>How far these entries were looked at, and which of them the webhook wants.</returns>
    private async Task<(long To, List<(DeliveryRow Row, AcceptedIncident Incident)> Wanted)> WantedAsync(
        long from, IReadOnlyList<LogEntry> entries)
    {
        var wanted = new List<(DeliveryRow, AcceptedIncident)>();
        var limit = endpoint!.Sends.IsOrdered ? 1 : MaxRows;
        foreach (var entry in entries.Where(entry => entry.Kind == EntryKinds.IncidentAccepted))
        {
            var accepted = AcceptedIncident.Read(entry.Bytes);
            if (!endpoint!.Sends.Wants(accepted))
            {
                continue;
            }

            if (wanted.Count == 0)
            {
                await LookAsync(); // it may have been removed, disabled, changed, or given a new secret
                if (!MayGoOn || entry.Index < First)
                {
                    return (MayGoOn ? First : from, []);
                }

                if (!endpoint.Sends.Wants(accepted))
                {
                    continue;
                }
            }
            else if (wanted.Count == limit)
            {
                return (entry.Index, wanted);
            }

            wanted.Add((NewRow(accepted, entry.Index), accepted));
        }

        return (from + entries.Count, wanted);
    }

    private DeliveryRow NewRow(AcceptedIncident incident, long index) => new(
        WebhookId, LogNumber, index, incident.CapId, incident.IncidentId, Severity.Rank(incident.Severity), DeliveryState.Waiting,
        Time.GetUtcNow(), Time.GetUtcNow(), [], 0);

    private async Task LookAsync() => endpoint = await Webhooks.FindAsync(WebhookId).WaitAsync(Stopping);
}

/// <summary>The legacy names of a record, in the legacy order.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class WebhookJson : JsonSerializerContext;
