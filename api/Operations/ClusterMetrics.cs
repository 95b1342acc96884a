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
        lag = factory.CreateGauge("caporleans_follower_lag_entries", "Entries of the log that the follower has not dealt with.", "log", "follower");
        waits = factory.CreateGauge("caporleans_follower_waits", "1 while something keeps the follower from going on; /health/ready says what.", "log", "follower");
        conflict = factory.CreateGauge(
            "caporleans_anchor_conflict", "1 while the chain contradicts the log; anchor.conflict in the log says how.", "log");
    }

    public async Task WriteAsync(HttpContext context, IGrainFactory grains)
    {
        var ready = await Readiness.OfAsync(grains);
        foreach (var log in ready.Logs!)
        {
            entries.WithLabels($"{log.Log}").Set(log.Size);
        }

        foreach (var gauge in (Gauge[])[lag, waits])
        {
            // A webhook that was removed or disabled must not wait here for ever.
            foreach (var gone in gauge.GetAllLabelValues()
                .Where(labels => !ready.Followers!.Any(follower => labels[0] == $"{follower.Log}" && labels[1] == follower.Follower))
                .ToList())
            {
                gauge.RemoveLabelled(gone);
            }
        }

        foreach (var follower in ready.Followers!)
        {
            lag.WithLabels($"{follower.Log}", follower.Follower).Set(follower.Lag);
            if (follower.Follower == "anchor")
            {
                conflict.WithLabels($"{follower.Log}").Set(follower.Conflict ? 1 : 0);
            }

            waits.WithLabels($"{follower.Log}", follower.Follower).Set(follower.Trouble is null ? 0 : 1);
        }

        context.Response.ContentType = PrometheusConstants.TextContentType;
        await registry.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
    }
}
