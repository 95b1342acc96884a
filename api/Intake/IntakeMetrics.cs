using System.Diagnostics.Metrics;
using CapOrleans.Core.Telemetry;

namespace CapOrleans.Api.Intake;

/// <summary>Counts the incidents sent to this API by outcome.</summary>
internal static class IntakeMetrics
{
    private static readonly Meter Meter = new(CapTelemetry.Api);

    private static readonly Counter<long> Incidents = Meter.CreateCounter<long>(
        "caporleans.incidents", description: "Incidents by outcome: accepted, duplicate, or the name of the problem.");

    public static void Count(Outcome outcome) => Incidents.Add(1, new KeyValuePair<string, object?>("outcome", outcome.Status switch
    {
        StatusCodes.Status201Created => "accepted",
        StatusCodes.Status200OK => "duplicate",
        _ => outcome.Refusal?.Type ?? "unavailable",
    }));
}
