using System.Diagnostics.Metrics;
using CapOrleans.Core.Telemetry;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Telemetry;

/// <summary>Metrics of what this gate received, what waits in it, and what the cluster answered.</summary>
internal sealed class GateMetrics : IDisposable
{
    private static readonly Meter Shared = new(CapTelemetry.Gate);

    private static readonly Counter<long> Incidents = Shared.CreateCounter<long>(
        "caporleans.gate.incidents", description: "Incidents received, by outcome: kept, duplicate, or the name of the " +
            "problem.");

    private static readonly Counter<long> Decisions = Shared.CreateCounter<long>(
        "caporleans.gate.forwarded", description: "Incidents forwarded to the cluster, by the status of its verdict.");

    private readonly Meter meter = new(CapTelemetry.Gate);

    public GateMetrics(RecentCounts recent)
    {
        meter.CreateObservableGauge("caporleans.gate.waiting", () => recent.Read().Counts.Waiting,
            description: "Incidents waiting for the cluster.");
        meter.CreateObservableGauge("caporleans.gate.waiting.bytes", () => recent.Read().Counts.Bytes, description: "Bytes of the incidents waiting for the cluster.");
        meter.CreateObservableGauge("caporleans.gate.dead.letters", () => recent.Read().Counts.Dead,
            description: "Dead letters: incidents that the cluster refused.");
        meter.CreateObservableGauge(
            "caporleans.gate.disk.fault", () => recent.Read().Error is null ? 0 : 1,
                description: "1 while the gate cannot read or write its disk.");
    }

    public static void Received(string outcome) => Incidents.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public static void Forwarded(int status) => Decisions.Add(1, new KeyValuePair<string, object?>("status", status));

    public void Dispose() => meter.Dispose();
}
