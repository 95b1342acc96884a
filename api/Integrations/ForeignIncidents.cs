using CapOrleans.Api.Intake;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Integrations;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Integrations;

/// <summary>Files and answers the incidents of integrations, for every format in which these send them.</summary>
internal sealed class ForeignIncidents(IGrainFactory grains, TimeProvider time)
{
    /// <returns>An outcome for each incident, in order.</returns>
    public async Task<IReadOnlyList<Outcome>> FileAsync(Integration integration, IReadOnlyList<ForeignIncident> incidents)
    {
        CallTrace.Carry();
        var read = incidents.Select(incident => incident.ToReport(integration.CapId, time.GetUtcNow())).ToList();
        var reports = read.Where(one => one.Report is not null)
            .Select(one => new ProvenReport(one.Report!, Admission.Unverified, null, null, integration.Reference)).ToList();
        var rulings = new Queue<Ruling>(reports.Count == 0 ? [] : await grains.Cap(integration.CapId).AcceptAsync(reports));
        var outcomes = read.ConvertAll(one => one.Report is null
            ? new Outcome(StatusCodes.Status400BadRequest, null, one.Refusal, null)
            : Outcome.Of(rulings.Dequeue(), one.Report));
        outcomes.ForEach(IntakeMetrics.Count);
        return outcomes;
    }

    /// <returns>Ids of the unresolved incidents that this integration filed with the key.</returns>
    public async Task<IReadOnlyList<string>> FindAsync(Integration integration, string dedupKey) => await grains.Cap(integration.CapId)
        .OpenGroupsAsync(Grouping.IdOf(GroupRules.DedupKey, dedupKey, integration.Reference));

    /// <summary>Acknowledges or resolves an incident, if this integration filed it.</summary>
    /// <returns>Null when it is done, or there is nothing to do; otherwise the refusal of an update to send again.</returns>
    public async Task<UpdateRuling?> UpdateAsync(Integration integration, string incidentId, UpdateAction action)
    {
        var incident = grains.Incident(integration.CapId, incidentId);
        if ((await incident.ReadAsync())?.Integration?.Id != integration.Id)
        {
            return null;
        }

        var ruling = await incident.UpdateAsync(
            new UpdateRequest(action, null, null, null), new Actor($"integration:{integration.Id}", integration.Name));
        return ruling.Verdict is CapVerdict.Busy or CapVerdict.TooMany ? ruling : null;
    }
}
