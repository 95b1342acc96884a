using System.Diagnostics;

namespace CapOrleans.Core.Telemetry;

/// <summary>
/// Names of the meters and the source of traces. Each part has its own instruments; only the process exports them.
/// </summary>
public static class CapTelemetry
{
    /// <summary>Meter names of the API, of the grains, and of the gate.</summary>
    public const string Api = "CapOrleans.Api", Grains = "CapOrleans.Grains", Gate = "CapOrleans.Gate";

    /// <summary>
    /// Source of the spans that an incident passes through. A span names its incident where it has one.
    /// </summary>
    public static ActivitySource Source { get; } = new("CapOrleans");

    /// <summary>Tags the current span with the incident that it is about.</summary>
    public static void TagIncident(string capId, string incidentId) =>
        Activity.Current?.SetTag("caporleans.cap_id", capId).SetTag("caporleans.incident_id", incidentId);
}
