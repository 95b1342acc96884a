using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Escalation;

namespace CapOrleans.Grains.Escalation;

/// <summary>Finds the incidents that are to be answered: of a group, one at a time.</summary>
internal sealed partial class EscalatorGrain
{
    /// <returns>The entries that start an escalation, each of the incident itself or of its reopening.</returns>
    private async Task<List<LogEntry>> OpeningAsync(IReadOnlyList<LogEntry> entries)
    {
        var opening = entries.Where(entry => entry.Kind is EntryKinds.IncidentAccepted or EntryKinds.IncidentReopened).ToList();
        var covered = await CoveredByGroupAsync(opening);
        opening.RemoveAll(entry => covered.Contains(entry.Index));
        foreach (var recovered in entries.Where(entry => entry.Kind == EntryKinds.IncidentResolved))
        {
            if (await SuccessorAsync(recovered) is { } next)
            {
                opening.Add(next);
            }
        }

        return opening;
    }

    /// <summary>
    /// Finds what is left of a group by a rule when its first incident recovered by itself: the others are different
    /// faults of the same agent, and nobody was paged for them. Who resolves it by hand resolves the group.
    /// </summary>
    private async Task<LogEntry?> SuccessorAsync(LogEntry resolved)
    {
        var (capId, incidentId, update) = IncidentUpdates.ReadView(resolved);
        return update.IsRecovery() && await Log.FindIncidentAsync(capId, incidentId, Stopping) is { } first
            && AcceptedIncident.Read(first.Bytes).Group is { IsNew: true, Rule: not GroupRules.DedupKey } group
            ? await groups.FindNextOpenAsync(capId, group, Stopping) : null;
    }

    /// <returns>
    /// Indexes of the entries whose incident is in a group that pages people already: the group's first incident is in
    /// the log before it, was unresolved then, and has a ladder that has not ended in vain.
    /// </returns>
    private async Task<HashSet<long>> CoveredByGroupAsync(IReadOnlyList<LogEntry> opening)
    {
        var members = opening.Where(entry => entry.Kind == EntryKinds.IncidentAccepted)
            .Select(entry => (entry.Index, Incident: AcceptedIncident.Read(entry.Bytes)))
            .Where(one => one.Incident.Group is { IsNew: false }).ToList();
        var covered = new HashSet<long>();
        foreach (var group in members.GroupBy(one => (one.Incident.CapId, one.Incident.Group!.First)))
        {
            var (capId, firstId) = group.Key;
            if (await Log.FindIncidentAsync(capId, firstId, Stopping) is not { } first
                || (AcceptedIncident.Read(first.Bytes) is var accepted && LadderFor(accepted, first.Index) is null)
                || await WasInVainAsync(capId, firstId))
            {
                continue;
            }

            var updates = (await Log.UpdatesAsync([group.Key], Stopping)).Select(update => IncidentUpdates.ReadView(update).View).ToList();
            covered.UnionWith(group.Select(one => one.Index).Where(index => first.Index < index
                && IncidentUpdates.StateOf(updates.Where(update => update.Index < index)) != IncidentUpdates.Resolved));
        }

        return covered;
    }

    /// <summary>Whether every level was paged for the incident, and nobody has answered since: nothing asks any more.</summary>
    private async Task<bool> WasInVainAsync(string capId, string incidentId) =>
        await escalations.StepsAsync(capId, incidentId, 1, Stopping) is [{ Kind: EntryKinds.IncidentUnanswered } end]
        && !(await Log.UpdatesAsync([(capId, incidentId)], Stopping)).Any(update => update.Index > end.Index);

    private Ladder? LadderFor(AcceptedIncident incident, long index) => EscalationRules.Find(
        policy.Ladders.Where(ladder => StartOf(ladder) <= index), incident.CapId, incident.Severity, incident.PagingFloor);
}
