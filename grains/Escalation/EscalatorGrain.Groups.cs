using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Escalation;

namespace CapOrleans.Grains.Escalation;

/// <summary>Finds the incidents that page no one because the first of their group did.</summary>
internal sealed partial class EscalatorGrain
{
    /// <returns>
    /// Indexes of the entries whose incident is in a group that pages people already: the group's first incident is in
    /// the log before it, was unresolved then, and has a ladder.
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
                || AcceptedIncident.Read(first.Bytes) is var accepted && LadderFor(accepted, first.Index) is null)
            {
                continue;
            }

            var updates = (await Log.UpdatesAsync([group.Key], Stopping)).Select(update => IncidentUpdates.ReadView(update).View).ToList();
            covered.UnionWith(group.Select(one => one.Index).Where(index => first.Index < index
                && IncidentUpdates.StateOf(updates.Where(update => update.Index < index)) != IncidentUpdates.Resolved));
        }

        return covered;
    }

    private Ladder? LadderFor(AcceptedIncident incident, long index) => EscalationRules.Find(
        policy.Ladders.Where(ladder => StartOf(ladder) <= index), incident.CapId, incident.Severity, incident.PagingFloor);
}
