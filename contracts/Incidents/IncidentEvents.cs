using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>Which events of incidents somebody follows; a null member does not filter.</summary>
/// <param name="Caps">CapIDs that match this pattern, where <c>*</c> stands for any characters, or none.</param>
/// <param name="Severities">Any of these.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-event-filter.v1")]
public sealed record IncidentEventFilter(
    [property: Id(0)] string? Caps,
    [property: Id(1)] IReadOnlyList<string>? Severities);

/// <summary>An incident was accepted, or somebody did something about it.</summary>
/// <param name="Index">Of the entry that says so.</param>
/// <param name="Kind">Of that entry.</param>
/// <param name="Incident">As it was when the entry was read.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-event.v1")]
public sealed record IncidentEventView(
    [property: Id(0)] long Index,
    [property: Id(1)] string Kind,
    [property: Id(2)] IncidentView Incident);

/// <param name="Events">In the order of the log.</param>
/// <param name="Through">Index of the last entry that was looked at; where there was none, as asked.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-event-slice.v1")]
public sealed record IncidentEventSlice(
    [property: Id(0)] IReadOnlyList<IncidentEventView> Events,
    [property: Id(1)] long Through);
