using System.Globalization;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;
using CapOrleans.Grains.Telemetry;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Attempts, the first of each delivery and those that follow.</summary>
internal sealed partial class NotifierGrain
{
    /// <summary>Of the window, so that what is new finds a place beside what waits, and the other way round.</summary>
    private const int RetryWindow = 4;

    /// <summary>The most severe every other time, so that what floods as critical keeps nothing else waiting for ever.</summary>
    private static readonly int[] RanksInTurn = [3, 2, 3, 1, 3, 0];

    private string? origin;
    private int retrying;
    private bool isLooking, isAskedAgain; // for what is due
    private long changes; // of rows, here
    private bool knowsDue;
    private DateTimeOffset? nextDue; // of what waits; null for none
    private DateTimeOffset awayUntil, slowUntil, pausedUntil;
    private bool isTrying; // whether a receiver that was away, or was sent too much, is there again
    private long turns;
    private readonly string[] lastInTurn = ["", "", "", ""]; // by severity

    private bool MayRetry
    {
        get
        {
            var now = Time.GetUtcNow();
            return MayGoOn && retrying < RetryWindow && underWay.Count < Window && now >= awayUntil && now >= slowUntil && now >= pausedUntil
                && HasDue;
        }
    }

    /// <summary>What waits has its places, however much is new.</summary>
    private bool HasDue => !knowsDue || nextDue <= Time.GetUtcNow();

    /// <summary>
    /// Starts what is due; nothing waits for how it ends. One at a time, so that what was read of a row is what is known of it.
    /// </summary>
    private async Task RetryDueAsync()
    {
        isAskedAgain = true;
        if (isLooking)
        {
            return;
        }

        isLooking = true;
        try
        {
            while (isAskedAgain)
            {
                isAskedAgain = false;
                await StartDueAsync();
            }
        }
        finally
        {
            isLooking = false;
        }
    }

    /// <summary>A receiver that was away is tried with one alone.</summary>
    private async Task StartDueAsync()
    {
        while (MayRetry && !(isTrying && underWay.Count > 0))
        {
            var known = changes;
            if (await NextInTurnAsync() is not { } row)
            {
                var next = await deliveries.NextDueAsync(LogNumber, WebhookId, Stopping);
                (knowsDue, nextDue) = (known == changes, next);
                return;
            }

            if (underWay.Add(row.Index))
            {
                retrying++;
                _ = FinishAsync(row.Index, RetryAsync(row), isRetry: true);
            }
        }
    }

    /// <returns>What is due and not under way, of the CapID whose turn it is; null when nothing is.</returns>
    private async Task<DeliveryRow?> NextInTurnAsync()
    {
        var (now, except) = (Time.GetUtcNow(), underWay.ToList());
        var first = RanksInTurn[(int)(turns++ % RanksInTurn.Length)];
        foreach (var rank in Enumerable.Range(0, Severity.Ladder.Count).Reverse().OrderBy(rank => rank != first))
        {
            for (var isAgain = false; ; isAgain = true)
            {
                var next = await deliveries.TurnsAsync(LogNumber, WebhookId, rank, lastInTurn[rank], now, except, Stopping);
                var due = next.FirstOrDefault(turn => turn.Index is not null);
                var hadTurn = lastInTurn[rank].Length > 0;
                lastInTurn[rank] = due?.CapId ?? (next.Count == IDeliveryReader.MaxTurns ? next[^1].CapId : "");
                if (due is not null && await deliveries.FindAsync(LogNumber, WebhookId, due.Index!.Value, Stopping) is { } row)
                {
                    return row;
                }

                if (isAgain || !hadTurn || lastInTurn[rank].Length > 0)
                {
                    break;
                }
            }
        }

        // Many CapIDs wait of which nothing is due yet: they are passed over a few at a time.
        return (await deliveries.DueAsync(LogNumber, WebhookId, now, except.Count + 1, Stopping))
            .FirstOrDefault(row => !underWay.Contains(row.Index));
    }

    private async Task<DeliveryRow?> RetryAsync(DeliveryRow row)
    {
        var page = await Log.ReadAsync(LogNumber, row.Index, 1, Stopping);
        var entry = page.Entries[0];
        return endpoint!.Sends.Wants(Notification.Of(entry)!) ? await SendAsync(row, entry) : row with
        {
            State = DeliveryState.Exhausted, DueAt = null, ChangedAt = Time.GetUtcNow(), Tries = row.Tries + 1,
            Attempts = [.. row.Attempts, new DeliveryAttempt(Time.GetUtcNow(), 0, DeliveryFault.NotWanted, null, null)],
        };
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
                (awayUntil, isTrying) = (Time.GetUtcNow() + IWebhookSender.AwayTime, true);
                return null;
            }

            (awayUntil, isTrying) = outcome.Delivered || outcome.IsOfContent ? (default, false) : (awayUntil, isTrying);
            if (DeliverySchedule.PauseAfter(outcome) is var pause && pause > TimeSpan.Zero)
            {
                (slowUntil, isTrying) = (Later(slowUntil, Time.GetUtcNow() + pause), true);
            }

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
