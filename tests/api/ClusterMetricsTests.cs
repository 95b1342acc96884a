using System.Diagnostics.Metrics;
using CapOrleans.Api.Operations;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Tests.Api;

/// <summary>
/// The state of a cluster as metrics. Other nodes of this process have meters of the same name, so only this one's is
/// observed.
/// </summary>
public sealed class ClusterMetricsTests
{
    [Fact]
    public async Task Sizes_lags_and_conflicts_are_reported_per_log_and_webhooks_as_one_consumer()
    {
        var webhooks = new Queue<string>(["notify/a", "notify/b"]);
        var grains = LoneApi.Grains.Of(new Dictionary<string, Func<object?[], Task>>
        {
            ["ILogReaderGrain.CountAsync"] = _ => Task.FromResult(1),
            ["IAuditLogGrain.CheckAsync"] = _ => Task.FromResult(new LogHead("caporleans-1/log/0", 7, new byte[32])),
            ["IWebhooksGrain.ListAsync"] = _ => Task.FromResult<IReadOnlyList<WebhookEndpoint>>([]),
            ["ILaddersGrain.PolicyAsync"] = _ => Task.FromResult(new PagingPolicy(
                [new("web", "*", null, [new LadderLevel(["gone"], 60, 1)], 0, null, [0], default, Contracts.Access.Actor.Service)], [], [])),
            ["IMirrorGrain.IsOnAsync"] = _ => Task.FromResult(false),
            ["IConsumer.ProgressAsync"] = _ => Task.FromResult(webhooks.TryDequeue(out var webhook)
                ? new Progress(webhook, 1, webhook == "notify/a" ? 6 : 2, "away", Waiting: 20) : new Progress("anchor", 3, 4, null, Conflict: true)),
        });
        using var metrics = new ClusterMetrics(TimeProvider.System);
        await metrics.RefreshAsync(grains);
        var warning = Assert.Single((await ReadinessCheck.OfAsync(grains, default)).Warnings!);
        Assert.Equal(("web", "Level 1: webhook gone was removed."), (warning.Ladder, warning.Warning));
        var seen = new HashSet<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == metrics.Meter)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            seen.Add($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(tag => tag.Value))} {value}"));
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Superset(
            new HashSet<string>
            {
                "caporleans.log.entries 0 7", "caporleans.consumer.lag.entries 0 notify 6", "caporleans.consumer.waits 0 notify 2",
                "caporleans.consumer.lag.entries 0 anchor 4", "caporleans.consumer.waits 0 anchor 0", "caporleans.anchor.conflict 0 1",
                "caporleans.deliveries.waiting 0 notify 40", "caporleans.ladder.warnings  1",
            },
            seen);
    }
}
