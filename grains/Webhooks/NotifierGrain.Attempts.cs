using System.Globalization;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Webhooks;
using CapOrleans.Grains.Telemetry;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Attempts, the first of each delivery and those that follow.</summary>
internal sealed partial class NotifierGrain
{
    /// <summary>Of the window, so that what is new finds a place beside what failed before.</summary>
    private const int RetryWindow = 4;

    private string? origin;
    private int retrying;
    private long changes; // of rows, here
    private bool knowsDue;
    private DateTimeOffset? nextDue; // of what waits; null for none
    private DateTimeOffset awayUntil, pausedUntil;

    private bool MayRetry
    {
        get
        {
            var now = Time.GetUtcNow();
            return MayGoOn && retrying < RetryWindow && underWay.Count < Window && now >= awayUntil && now >= pausedUntil
                && !(knowsDue && !(nextDue <= now));
        }
    }

    /// <summary>Starts what is due, the most severe first; nothing waits for how it ends.</summary>
    private async Task RetryDueAsync()
    {
        while (MayRetry)
        {
            var (free, before, known) = (Math.Min(RetryWindow - retrying, Window - underWay.Count), underWay.ToHashSet(), changes);
            var due = (await deliveries.DueAsync(LogNumber, WebhookId, Time.GetUtcNow(), free + before.Count, Stopping))
                .Where(row => !before.Contains(row.Index) && !underWay.Contains(row.Index)).Take(free).ToList();
            foreach (var row in due)
            {
                retrying++;
                underWay.Add(row.Index);
                _ = FinishAsync(row.Index, RetryAsync(row), isRetry: true);
            }

            if (due.Count == 0)
            {
                var next = await deliveries.NextDueAsync(LogNumber, WebhookId, Stopping);
                (knowsDue, nextDue) = (known == changes, next);
                return;
            }
        }
    }

    private async Task<DeliveryRow?> RetryAsync(DeliveryRow row)
    {
        var page = await Log.ReadAsync(LogNumber, row.Index, 1, Stopping);
        return await SendAsync(row, page.Entries[0]);
    }

    /// <returns>What is known of the delivery after an attempt; null when none was made.</returns>
    private async Task<DeliveryRow?> SendAsync(DeliveryRow row, LogEntry entry)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stopping, stop.Token);
        try
        {
            var (target, at) = (endpoint!, Time.GetUtcNow());
            var outcome = await sender.TryUnlessAwayAsync(DeliveryOf(entry, await OriginAsync(), target, at), end.Token);
            if (outcome is null)
            {
                awayUntil = Time.GetUtcNow() + IWebhookSender.AwayTime;
                return null;
            }

            awayUntil = outcome.Delivered ? default : awayUntil;
            GrainMetrics.Delivered(outcome.Delivered ? "delivered" : outcome.Fault.Text());
            await TellAsync(outcome);
            return DeliverySchedule.After(row, outcome, at, Random.Shared.NextDouble());
        }
        catch (OperationCanceledException) when (!Stopping.IsCancellationRequested)
        {
            return null; // the webhook was removed or disabled meanwhile
        }
    }

    private static Delivery DeliveryOf(LogEntry entry, string origin, Contracts.Webhooks.WebhookEndpoint target, DateTimeOffset now)
    {
        var notification = Notification.Of(entry)!;
        var (body, type) = target.Sends.IsLegacy && notification.Incident is { } incident
            ? (JsonSerializer.SerializeToUtf8Bytes(incident.ToAuditRecord(), WebhookJson.Default.AuditRecord), "application/json")
            : (IncidentEvent.Write(entry, notification, origin), IncidentEvent.ContentType);
        return new Delivery(
            string.Create(CultureInfo.InvariantCulture, $"{origin}/{entry.Index}"), new Uri(target.Url), body, type,
            SecretRotation.SecretsOf(target, now));
    }

    private async Task<string> OriginAsync() => origin ??= (await Log.HeadAsync(LogNumber, Stopping))!.Origin;
}
