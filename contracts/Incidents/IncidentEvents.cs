using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>A filter for a stream of incident events; a null member does not filter.</summary>
/// <param name="Caps">CapIDs that match this pattern, in which <c>*</c> stands for any characters, or none.</param>
/// <param name="Severities">Any of these.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-event-filter.v1")]
public sealed record IncidentEventFilter(
    [property: Id(0)] string? Caps,
    [property: Id(1)] IReadOnlyList<string>? Severities);

/// <summary>The acceptance or an update of an incident.</summary>
/// <param name="Index">Index of the entry that records it.</param>
/// <param name="Kind">Kind of that entry.</param>
/// <param name="Incident">The incident when the entry was read; for an update, its
/// <c>Updates</c> is that update alone.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-event.v1")]
public sealed record IncidentEventView(
    [property: Id(0)] long Index,
    [property: Id(1)] string Kind,
    [property: Id(2)] IncidentView Incident);

/// <param name="Events">In log order.</param>
/// <param name="Through">Index of the last entry that was examined; when there was none, the
/// index that was asked for.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-event-slice.v1")]
public sealed record IncidentEventSlice(
    [property: Id(0)] IReadOnlyList<IncidentEventView> Events,
    [property: Id(1)] long Through);
