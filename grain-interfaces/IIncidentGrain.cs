using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// One incident. Key: <c>capId/incidentId</c>. Verifies who signed a report; the CapID decides whether that key is
/// authorised.
/// </summary>
[GrainInterfaceType(CapGrains.IncidentType), Alias(CapGrains.IncidentType)]
public interface IIncidentGrain : IGrainWithStringKey
{
    /// <returns>The ruling. If it accepts the incident, the incident is on disk.</returns>
    [Alias("file")] Task<Ruling> FileAsync(IncidentReport report);

    /// <summary>
    /// Checks signatures only, for reports of one CapID that are accepted together to keep their order.
    /// </summary>
    /// <param name="reports">All reports of this incident, in one call, since the grain deactivates as soon as it has
    /// answered.</param>
    /// <returns>One check per report.</returns>
    [Alias("prove")] Task<IReadOnlyList<SignatureCheck>> ProveAsync(IReadOnlyList<IncidentReport> reports);

    /// <summary>
    /// Acknowledges, resolves, reopens or responds to the incident, on the authority of a key of its CapID; or, for a
    /// request without a signature, on an operator's authority, which the caller has verified.
    /// </summary>
    [Alias("update")] Task<UpdateRuling> UpdateAsync(UpdateRequest request, Actor actor);

    /// <returns>Null when no incident was accepted under this id.</returns>
    [Alias("read")] Task<IncidentView?> ReadAsync();

    /// <returns>As <see cref="ReadAsync"/>, with a timeline of updates, corrections, pages, archive, anchor and
    /// deliveries.</returns>
    [Alias("timeline")] Task<IncidentTimeline?> TimelineAsync();
}
