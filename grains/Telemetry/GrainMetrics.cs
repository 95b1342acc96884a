using System.Diagnostics.Metrics;
using CapOrleans.Core.Telemetry;

namespace CapOrleans.Grains.Telemetry;

/// <summary>Metrics of this silo's grains.</summary>
internal static class GrainMetrics
{
    private static readonly Meter Meter = new(CapTelemetry.Grains);

    private static readonly Histogram<long> CommitAppends = Meter.CreateHistogram(
        "caporleans.log.commit.appends", description: "Appends per log transaction.",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] });

    private static readonly Histogram<double> CommitDuration = Meter.CreateHistogram(
        "caporleans.log.commit.duration", "s", "Duration of one log transaction, until it is on disk.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1,
            5] });

    private static readonly Counter<long> Deliveries = Meter.CreateCounter<long>(
        "caporleans.webhook.deliveries", description: "Webhook delivery attempts by result: delivered, or the fault.");

    private static readonly Counter<long> Gas = Meter.CreateCounter<long>(
        "caporleans.chain.gas", description: "Sum of the gas limits of the transactions sent.");

    public static void Committed(int log, int appends, TimeSpan took)
    {
        var tag = new KeyValuePair<string, object?>("log", log);
        CommitAppends.Record(appends, tag);
        CommitDuration.Record(took.TotalSeconds, tag);
    }

    public static void Delivered(string result) => Deliveries.Add(1, new KeyValuePair<string, object?>("result", result));

    public static void Sent(long gas) => Gas.Add(gas);
}
