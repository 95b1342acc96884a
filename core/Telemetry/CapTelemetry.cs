using System.Diagnostics;

namespace CapOrleans.Core.Telemetry;

/// <summary>The names of what the service measures and traces; each room has its instruments, and only the process exports them.</summary>
public static class CapTelemetry
{
    /// <summary>Of the API, of the grains, and of the gate.</summary>
    public const string Api = "CapOrleans.Api", Grains = "CapOrleans.Grains", Gate = "CapOrleans.Gate";

    /// <summary>What an incident goes through. A span names the incident where it has one.</summary>
    public static ActivitySource Source { get; } = new("CapOrleans");

    /// <summary>Names the incident that the current span is about.</summary>
    public static void TagIncident(string capId, string incidentId) =>
        Activity.Current?.SetTag("caporleans.cap_id", capId).SetTag("caporleans.incident_id", incidentId);
}
