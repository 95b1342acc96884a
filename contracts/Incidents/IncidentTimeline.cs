using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>The whole story of an incident: <c>GET /v1/incidents/{capId}/{incidentId}/timeline</c>.</summary>
/// <param name="Events">In the order in which they happened.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-timeline.v1")]
public sealed record IncidentTimeline(
    [property: Id(0)] IncidentView Incident,
    [property: Id(1)] IReadOnlyList<TimelineEvent> Events);

/// <param name="Kind">Of the entry that says so; <c>delivery.waiting</c> where there is none yet.</param>
/// <param name="Index">Of that entry, in the incident's log; of a delivery, of the entry that was delivered.</param>
/// <param name="By">Who did it: an address, or an operator's id; null for the service.</param>
/// <param name="ByName">The operator's name.</param>
/// <param name="Text">What was said, or what came of it; null for nothing.</param>
[GenerateSerializer, Immutable, Alias("cap.timeline-event.v1")]
public sealed record TimelineEvent(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] string Kind,
    [property: Id(2)] long Index,
    [property: Id(3)] string? By,
    [property: Id(4)] string? ByName,
    [property: Id(5)] string? Text);
