using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Consumers;
using CapOrleans.Grains.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// Notifies one webhook of every incident from its CapID's paging floor on, in log order, at least once. What became of each delivery is an
/// entry; the URL, which often is a secret, is not in it, nor what the receiver answered: readers could look into networks with it.
/// </summary>
internal sealed partial class NotifierGrain(
    IAuditLogReader log, IWebhookSender sender, TimeProvider time, IHostApplicationLifetime host, ILogger<NotifierGrain> logger)
    : ConsumerGrain(log, time, host, logger), INotifierGrain, IDisposable
{
    private readonly CancellationTokenSource stop = new();
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
        return await base.ProgressAsync();
    }

    public void Dispose() => stop.Dispose();

    protected override Task PrepareAsync() => LookAsync();

    protected override async Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        foreach (var entry in entries.Where(entry => entry.Kind == EntryKinds.IncidentAccepted))
        {
            var accepted = AcceptedIncident.Read(entry.Bytes);
            if (Severity.Rank(accepted.Severity) >= Severity.Rank(accepted.PagingFloor))
            {
                await LookAsync(); // it may have been removed, disabled, or given a new secret
                return !MayGoOn ? Step.Skip(from)
                    : entry.Index < First ? Step.Skip(First)
                    : await DeliverAsync(accepted, entry.Index) ?? Step.Skip(from);
            }
        }

        return Step.Skip(from + entries.Count);
    }

    private async Task LookAsync() => endpoint = await Webhooks.FindAsync(WebhookId).WaitAsync(Stopping);

    /// <returns>Null when the delivery was ended, because the webhook was removed or disabled.</returns>
    private async Task<Step?> DeliverAsync(AcceptedIncident accepted, long index)
    {
        var origin = (await Log.HeadAsync(LogNumber, Stopping))!.Origin;
        var body = JsonSerializer.SerializeToUtf8Bytes(accepted.ToAuditRecord(), WebhookJson.Default.AuditRecord);
        var secrets = SecretRotation.SecretsOf(endpoint!, Time.GetUtcNow());
        var delivery = new Delivery($"{origin}/{index}", new Uri(endpoint!.Url), body, secrets);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stopping, stop.Token);
        DeliveryOutcome outcome;
        try
        {
            outcome = await sender.SendAsync(delivery, failed => Report(failed.Fault.Text()), end.Token);
        }
        catch (OperationCanceledException) when (!Stopping.IsCancellationRequested)
        {
            return null;
        }

        GrainMetrics.Delivered(outcome.Delivered ? "delivered" : outcome.Fault.Text());
        await TellAsync(outcome);
        var kind = outcome.Delivered ? EntryKinds.DeliverySucceeded : EntryKinds.DeliveryExhausted;
        var entry = Entry.Write(kind, origin, Time.GetUtcNow(), new CanonicalObject()
            .Add("attempts", outcome.Attempts)
            .Add("capId", accepted.CapId)
            .Add("fault", outcome.Delivered ? null : outcome.Fault.Text())
            .Add("incidentId", accepted.IncidentId)
            .Add("index", index)
            .Add("webhook", WebhookId));
        return new Step(index + 1, [entry]);
    }

    /// <summary>Before the commit, so that a receiver that is gone is disabled before anything else is sent to it.</summary>
    private async Task TellAsync(DeliveryOutcome outcome)
    {
        try
        {
            await Webhooks.ReportAsync(WebhookId, outcome.ToReport()).WaitAsync(Stopping);
        }
        catch (Exception fault) when (!Stopping.IsCancellationRequested)
        {
            // What is known of a receiver's health must not make a delivery that was made be made again.
            LogReportLost(WebhookId, fault.GetType().Name);
        }
    }

    [LoggerMessage(282, LogLevel.Warning, "The outcome of a delivery to webhook {Webhook} was not kept: {Fault}")]
    private partial void LogReportLost(string webhook, string fault);
}

/// <summary>The legacy names of a record, in the legacy order.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class WebhookJson : JsonSerializerContext;
