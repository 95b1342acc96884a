using System.Diagnostics.Metrics;
using CapOrleans.Core.Telemetry;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Telemetry;

/// <summary>Metrics of what this gate received, what waits in it, and what the cluster answered.</summary>
internal sealed class GateMetrics : IDisposable
{
    private static readonly Meter Shared = new(CapTelemetry.Gate);

    private static readonly Counter<long> Incidents = Shared.CreateCounter<long>(
        "caporleans.gate.incidents", description: "Incidents by what hosts were answered with: kept, duplicate, or the name of the " +
            "problem.");

    private static readonly Counter<long> Decisions = Shared.CreateCounter<long>(
        "caporleans.gate.forwarded", description: "Incidents that were sent to the cluster, by the status that it gave each.");

    private readonly Meter meter = new(CapTelemetry.Gate);

    public GateMetrics(RecentCounts recent)
    {
        meter.CreateObservableGauge("caporleans.gate.waiting", () => recent.Read().Counts.Waiting,
            description: "Incidents that wait for the cluster.");
        meter.CreateObservableGauge("caporleans.gate.waiting.bytes", () => recent.Read().Counts.Bytes, description: "And their bytes.");
        meter.CreateObservableGauge("caporleans.gate.dead.letters", () => recent.Read().Counts.Dead,
            description: "Incidents that the cluster refused.");
        meter.CreateObservableGauge(
            "caporleans.gate.disk.fault", () => recent.Read().Error is null ? 0 : 1,
                description: "1 while the gate's disk takes no incidents.");
    }

    public static void Received(string outcome) => Incidents.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public static void Forwarded(int status) => Decisions.Add(1, new KeyValuePair<string, object?>("status", status));

    public void Dispose() => meter.Dispose();
}
