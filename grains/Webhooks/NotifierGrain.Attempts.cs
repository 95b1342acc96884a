using System.Globalization;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Consumers;
using CapOrleans.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Attempts, the first of each delivery and those that follow.</summary>
internal sealed partial class NotifierGrain
{
    /// <summary>Of the window, so that what is new finds a place beside what failed before.</summary>
    private const int RetryWindow = 4;

    /// <summary>How exactly a receiver's health is kept: a success is told once in so long.</summary>
    private static readonly TimeSpan SuccessInterval = TimeSpan.FromMinutes(1);

    private string? origin;
    private int retrying;
    private bool knowsDue;
    private DateTimeOffset? nextDue; // of what waits; null for none
    private DateTimeOffset? toldSuccessAt;

    /// <summary>Starts what is due, the most severe first; nothing waits for how it ends.</summary>
    private async Task RetryDueAsync()
    {
        while (MayGoOn && retrying < RetryWindow && underWay.Count < Window && !(knowsDue && !(nextDue <= Time.GetUtcNow())))
        {
            var free = Math.Min(RetryWindow - retrying, Window - underWay.Count);
            var due = (await deliveries.DueAsync(LogNumber, WebhookId, Time.GetUtcNow(), free + underWay.Count, Stopping))
                .Where(row => !underWay.Contains(row.Index)).Take(free).ToList();
            foreach (var row in due)
            {
                retrying++;
                underWay.Add(row.Index);
                _ = FinishAsync(row.Index, RetryAsync(row), isRetry: true);
            }

            if (due.Count == 0)
            {
                (knowsDue, nextDue) = (true, await deliveries.NextDueAsync(LogNumber, WebhookId, Stopping));
                return;
            }
        }
    }

    private async Task<DeliveryRow> RetryAsync(DeliveryRow row)
    {
        var page = await Log.ReadAsync(LogNumber, row.Index, 1, Stopping);
        return await SendAsync(row, AcceptedIncident.Read(page.Entries[0].Bytes));
    }

    private Task<DeliveryRow> StartAsync(DeliveryRow row, AcceptedIncident incident)
    {
        underWay.Add(row.Index);
        return SendAsync(row, incident);
    }

    /// <returns>What is known of the delivery after an attempt, or without one.</returns>
    private async Task<DeliveryRow> SendAsync(DeliveryRow row, AcceptedIncident incident)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stopping, stop.Token);
        try
        {
            var (target, at) = (endpoint!, Time.GetUtcNow());
            var outcome = await sender.TryUnlessAwayAsync(DeliveryOf(row, incident, await OriginAsync(), target, at), end.Token);
            if (outcome is null)
            {
                return row with { DueAt = Time.GetUtcNow() + IWebhookSender.AwayTime };
            }

            GrainMetrics.Delivered(outcome.Delivered ? "delivered" : outcome.Fault.Text());
            await TellAsync(outcome);
            return DeliverySchedule.After(row, outcome, at, Random.Shared.NextDouble());
        }
        catch (OperationCanceledException) when (!Stopping.IsCancellationRequested)
        {
            return row with { DueAt = Time.GetUtcNow() }; // the webhook was removed or disabled meanwhile
        }
    }

    private static Delivery DeliveryOf(
        DeliveryRow row, AcceptedIncident incident, string origin, Contracts.Webhooks.WebhookEndpoint target, DateTimeOffset now)
    {
        var (body, type) = target.Sends.IsLegacy
            ? (JsonSerializer.SerializeToUtf8Bytes(incident.ToAuditRecord(), WebhookJson.Default.AuditRecord), "application/json")
            : (IncidentEvent.Write(incident, origin, row.Index), IncidentEvent.ContentType);
        return new Delivery(
            string.Create(CultureInfo.InvariantCulture, $"{origin}/{row.Index}"), new Uri(target.Url), body, type,
            SecretRotation.SecretsOf(target, now));
    }

    /// <summary>Commits how an attempt ended for which nothing waited; until then, nobody else makes another one.</summary>
    private async Task FinishAsync(long index, Task<DeliveryRow> sending, bool isRetry = false)
    {
        try
        {
            var row = await sending;
            if (row.State != DeliveryState.Waiting || !stop.IsCancellationRequested)
            {
                var step = await StepAsync(0, [row]);
                await AppendAsync(step.Entries, step.Deliveries);
            }
        }
        catch (Exception fault)
        {
            knowsDue = false; // its row says when it is due again
            if (!Stopping.IsCancellationRequested)
            {
                LogReportLost(WebhookId, fault.GetType().Name);
            }
        }
        finally
        {
            underWay.Remove(index);
            retrying -= isRetry ? 1 : 0;
        }

        _ = this.AsReference<INotifierGrain>().NudgeAsync(); // there is a place free
    }

    /// <summary>With an entry for each delivery that has ended.</summary>
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
        foreach (var row in rows.Where(row => knowsDue && row.DueAt is not null))
        {
            nextDue = nextDue < row.DueAt ? nextDue : row.DueAt;
        }

        return new Step(to, [.. ended]) { Deliveries = rows };
    }

    private async Task AppendAsync(IReadOnlyList<EntryDraft> entries, IReadOnlyList<DeliveryRow> rows)
    {
        var outcome = await GrainFactory.GetGrain<IAuditLogGrain>(LogNumber)
            .AppendAsync(new Append { Entries = entries, Deliveries = rows }).WaitAsync(Stopping);
        knowsDue = false;
        if (outcome.Verdict != AppendVerdict.Appended)
        {
            throw new InvalidOperationException($"The log answered {outcome.Verdict}.");
        }
    }

    /// <summary>Before the commit, so that a receiver that is gone is disabled before anything else is sent to it.</summary>
    private async Task TellAsync(DeliveryOutcome outcome)
    {
        if (outcome.Delivered && toldSuccessAt + SuccessInterval > Time.GetUtcNow())
        {
            return;
        }

        try
        {
            await Webhooks.ReportAsync(WebhookId, outcome.ToReport()).WaitAsync(Stopping);
            toldSuccessAt = outcome.Delivered ? Time.GetUtcNow() : null;
        }
        catch (Exception fault) when (!Stopping.IsCancellationRequested)
        {
            // What is known of a receiver's health must not make a delivery that was made be made again.
            LogReportLost(WebhookId, fault.GetType().Name);
        }
    }

    private async Task<string> OriginAsync() => origin ??= (await Log.HeadAsync(LogNumber, Stopping))!.Origin;

    [LoggerMessage(282, LogLevel.Warning, "The outcome of a delivery to webhook {Webhook} was not kept: {Fault}")]
    private partial void LogReportLost(string webhook, string fault);
}
