using System.Diagnostics.Metrics;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Operations;
using CapOrleans.Core.Telemetry;

namespace CapOrleans.Api.Operations;

/// <summary>The cluster's state as metrics; every API of a cluster reports the same values.</summary>
internal sealed class ClusterMetrics : IDisposable
{
    /// <summary>
    /// Webhooks are added and removed, so they count as one consumer, whose lag is that of the slowest.
    /// </summary>
    private const string Webhooks = "notify";

    private volatile Readiness state = new(Readiness.Ready, [], []);

    private readonly TimeProvider time;

    public ClusterMetrics(TimeProvider time)
    {
        this.time = time;
        Meter.CreateObservableGauge("caporleans.log.entries", Entries, description: "Entries in the log.");
        Meter.CreateObservableGauge(
            "caporleans.consumer.lag.entries", () => OfEach(consumers => consumers.Max(consumer => consumer.Lag)),
            description: "Log entries that the consumer has not processed; for webhooks, the lag of the slowest.");
        Meter.CreateObservableGauge(
            "caporleans.deliveries.waiting", () => OfEach(consumers => consumers.Sum(consumer => consumer.Waiting), Webhooks),
            description: "Deliveries of all webhooks that wait for an attempt.");
        Meter.CreateObservableGauge(
            "caporleans.consumer.waits", () => OfEach(consumers => consumers.LongCount(consumer => consumer.LastError is not null)),
            description: "Consumers that are blocked; /health/ready gives the reason.");
        Meter.CreateObservableGauge(
            "caporleans.anchor.conflict", Conflicts,
            description: "1 while the chain contradicts the log; see the log's anchor.conflict entry.");
        Meter.CreateObservableGauge(
            "caporleans.ladder.warnings", () => (long)(state.Warnings?.Count ?? 0),
            description: "Reasons why pages of ladders would reach no one; /health/ready lists them.");
    }

    internal Meter Meter { get; } = new(CapTelemetry.Api);

    public async Task RefreshAsync(IGrainFactory grains) => state = await ReadinessCheck.OfAsync(grains, time.GetUtcNow());

    public void Dispose() => Meter.Dispose();

    private IEnumerable<Measurement<long>> Entries() => state.Logs!.Select(log => new Measurement<long>(log.Size, OfLog(log.Log)));

    private IEnumerable<Measurement<long>> Conflicts() => state.Consumers!.Where(consumer => consumer.Consumer == "anchor")
        .Select(consumer => new Measurement<long>(consumer.Conflict ? 1 : 0, OfLog(consumer.Log)));

    /// <param name="only">Name of one consumer; null for all.</param>
    private IEnumerable<Measurement<long>> OfEach(Func<IEnumerable<Progress>, long> read, string? only = null) => state.Consumers!
        .GroupBy(consumer => (consumer.Log, Name: consumer.Consumer.StartsWith($"{Webhooks}/", StringComparison.Ordinal) ? Webhooks
            : consumer.Consumer))
        .Where(kind => only is null || kind.Key.Name == only)
        .Select(kind => new Measurement<long>(read(kind), OfLog(kind.Key.Log), new KeyValuePair<string, object?>("consumer",
            kind.Key.Name)));

    private static KeyValuePair<string, object?> OfLog(int log) => new("log", log);
}

/// <summary>Refreshes the metrics periodically where they are pushed to a collector and not scraped.</summary>
internal sealed class ClusterMetricsRefresh(ClusterMetrics metrics, IGrainFactory grains, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await metrics.RefreshAsync(grains);
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The cluster does not answer at the moment; /health/ready reports it.
            }

            await Task.Delay(Interval, time, stoppingToken);
        }
    }
}
