using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>
/// The history of an incident: <c>GET /v1/incidents/{capId}/{incidentId}/timeline</c>. Of escalation steps it has the
/// newest 200, of deliveries those to webhooks that still exist.
/// </summary>
/// <param name="Events">In chronological order.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-timeline.v1")]
public sealed record IncidentTimeline(
    [property: Id(0)] IncidentView Incident,
    [property: Id(1)] IReadOnlyList<TimelineEvent> Events);

/// <param name="Kind">Kind of the entry that records it; <c>delivery.waiting</c> for a
/// delivery that has none yet.</param>
/// <param name="Index">Index of that entry in the incident's log; for a delivery, index of the delivered entry.</param>
/// <param name="By">Address or operator id of the actor; null for the service.</param>
/// <param name="ByName">The operator's name.</param>
/// <param name="Text">Description, note or result; null for none.</param>
[GenerateSerializer, Immutable, Alias("cap.timeline-event.v1")]
public sealed record TimelineEvent(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] string Kind,
    [property: Id(2)] long Index,
    [property: Id(3)] string? By,
    [property: Id(4)] string? ByName,
    [property: Id(5)] string? Text);
