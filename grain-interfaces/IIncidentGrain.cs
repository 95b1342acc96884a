using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.GrainInterfaces;

/// <summary>One incident; key <c>capId/incidentId</c>. Asks whose signature it is; its CapID decides whether that counts.</summary>
[GrainInterfaceType(CapGrains.IncidentType), Alias(CapGrains.IncidentType)]
public interface IIncidentGrain : IGrainWithStringKey
{
    /// <returns>When the ruling is an acceptance, the incident is on disk.</returns>
    [Alias("file")] Task<Ruling> FileAsync(IncidentReport report);

    /// <summary>Checks the signatures alone: for reports of one CapID that are accepted together, to keep their order.</summary>
    /// <param name="reports">All of this incident: in one call, since its grain leaves as soon as it has answered.</param>
    /// <returns>One for each report.</returns>
    [Alias("prove")] Task<IReadOnlyList<SignatureCheck>> ProveAsync(IReadOnlyList<IncidentReport> reports);

    /// <summary>
    /// Acknowledges, resolves, reopens or answers to the incident, on the authority of a key of its CapID, or, when the request carries no
    /// signature, of an operator, whom the caller has made sure of.
    /// </summary>
    [Alias("update")] Task<UpdateRuling> UpdateAsync(UpdateRequest request, Actor actor);

    /// <returns>Null while nothing was accepted under this id.</returns>
    [Alias("read")] Task<IncidentView?> ReadAsync();

    /// <returns>As <see cref="ReadAsync"/>, with who said, did and was told what, and when.</returns>
    [Alias("timeline")] Task<IncidentTimeline?> TimelineAsync();
}
