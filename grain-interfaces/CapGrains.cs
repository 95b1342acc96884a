namespace CapOrleans.GrainInterfaces;

/// <summary>
/// Creates references to the grains of the hot path. <c>GetGrain&lt;T&gt;(key)</c> reads the interface's attributes on
/// every call, which costs as much as the call itself; these references are built from the names alone.
/// </summary>
public static class CapGrains
{
    /// <summary>Name of both the grain type and the interface type.</summary>
    public const string IncidentType = "cap.incident";

    public const string CapType = "cap.cap";

    private static readonly (GrainType Grain, GrainInterfaceType Interface) Incidents =
        (GrainType.Create(IncidentType), GrainInterfaceType.Create(IncidentType));

    private static readonly (GrainType Grain, GrainInterfaceType Interface) Caps =
        (GrainType.Create(CapType), GrainInterfaceType.Create(CapType));

    public static IIncidentGrain Incident(this IGrainFactory grains, string capId, string incidentId) =>
        (IIncidentGrain)grains.GetGrain(GrainId.Create(Incidents.Grain, $"{capId}/{incidentId}"), Incidents.Interface);

    public static INotifierGrain Notifier(this IGrainFactory grains, string webhookId, int log) =>
        grains.GetGrain<INotifierGrain>($"{webhookId}/{log}");

    public static ICapGrain Cap(this IGrainFactory grains, string capId) =>
        (ICapGrain)grains.GetGrain(GrainId.Create(Caps.Grain, capId), Caps.Interface);
}
