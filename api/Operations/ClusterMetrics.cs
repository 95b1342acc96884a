using Prometheus;

namespace CapOrleans.Api.Operations;

/// <summary>The cluster's state in Prometheus' text format, asked for when somebody looks.</summary>
internal sealed class ClusterMetrics
{
    private readonly CollectorRegistry registry = Metrics.NewCustomRegistry();
    private readonly Gauge entries;
    private readonly Gauge lag;
    private readonly Gauge waits;
    private readonly Gauge conflict;

    public ClusterMetrics()
    {
        var factory = Metrics.WithCustomRegistry(registry);
        entries = factory.CreateGauge("caporleans_log_entries", "Entries in the log.", "log");
        lag = factory.CreateGauge("caporleans_consumer_lag_entries", "Entries of the log that the consumer has not dealt with.", "log", "consumer");
        waits = factory.CreateGauge("caporleans_consumer_waits", "1 while something keeps the consumer from going on; /health/ready says what.", "log", "consumer");
        conflict = factory.CreateGauge(
            "caporleans_anchor_conflict", "1 while the chain contradicts the log; anchor.conflict in the log says how.", "log");
    }

    public async Task WriteAsync(HttpContext context, IGrainFactory grains)
    {
        var ready = await ReadinessCheck.OfAsync(grains);
        foreach (var log in ready.Logs!)
        {
            entries.WithLabels($"{log.Log}").Set(log.Size);
        }

        foreach (var gauge in (Gauge[])[lag, waits])
        {
            // A webhook that was removed or disabled must not wait here for ever.
            foreach (var gone in gauge.GetAllLabelValues()
                .Where(labels => !ready.Consumers!.Any(consumer => labels[0] == $"{consumer.Log}" && labels[1] == consumer.Consumer))
                .ToList())
            {
                gauge.RemoveLabelled(gone);
            }
        }

        foreach (var consumer in ready.Consumers!)
        {
            lag.WithLabels($"{consumer.Log}", consumer.Consumer).Set(consumer.Lag);
            if (consumer.Consumer == "anchor")
            {
                conflict.WithLabels($"{consumer.Log}").Set(consumer.Conflict ? 1 : 0);
            }

            waits.WithLabels($"{consumer.Log}", consumer.Consumer).Set(consumer.LastError is null ? 0 : 1);
        }

        context.Response.ContentType = PrometheusConstants.TextContentType;
        await registry.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
    }
}
