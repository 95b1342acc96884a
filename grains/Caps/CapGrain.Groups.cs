using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Grains.Caps;

/// <summary>Finds the group that an incident joins, or makes it the first of a new one.</summary>
/// <remarks>
/// Incidents may join one whose own append is still in flight, and which may fail. The escalator therefore checks, in
/// the log, that the first incident of the group is there and unresolved, and pages an incident for which that does not
/// hold: a group never silences what nobody was paged for.
/// </remarks>
internal sealed partial class CapGrain
{
    private const int MaxCachedGroups = 256, MaxOpenGroups = 20;

    private readonly Dictionary<string, GroupState> groups = new(StringComparer.Ordinal);

    private async Task<IncidentGroup?> GroupAsync(AcceptedIncident accepted, string? dedupKey, CapPolicy rules)
    {
        if (Grouping.Find(dedupKey, accepted.Agent, accepted.Severity, accepted.Integration, rules) is not { } found)
        {
            return null;
        }

        var known = groups.GetValueOrDefault(found.Id) ?? await LoadGroupAsync(found.Id);
        known = groups.GetValueOrDefault(found.Id) ?? known; // another call may have made one meanwhile
        var rank = Severity.Rank(accepted.Severity);
        if (groups.Count >= MaxCachedGroups)
        {
            groups.Clear();
        }

        var group = known is not null && Grouping.Joins(known, rank, rules, accepted.AcceptedAt)
            ? known with { NewestAt = accepted.AcceptedAt }
            : new GroupState(accepted.IncidentId, -1, rank, accepted.AcceptedAt);
        groups[found.Id] = group;
        return new IncidentGroup(found.Id, found.Rule, found.Key, group.First, group.First == accepted.IncidentId);
    }

    /// <returns>Null when there is no group, or its first incident is resolved.</returns>
    private async Task<GroupState?> LoadGroupAsync(string id) =>
        await groupReader.FindGroupAsync(CapId, id, CancellationToken.None) is { } stored
            && (await UnresolvedAsync([stored.First])).Count > 0 ? stored : null;

    public async Task<IReadOnlyList<string>> OpenGroupsAsync(string groupId)
    {
        await RefreshAsync();
        DeactivateIfUnregistered();
        return await UnresolvedAsync(await groupReader.FirstsAsync(CapId, groupId, MaxOpenGroups, CancellationToken.None));
    }

    private async Task<IReadOnlyList<string>> UnresolvedAsync(IReadOnlyList<string> incidentIds)
    {
        var updated = await reader.UpdateSummariesAsync([.. incidentIds.Select(id => (CapId, id))], CancellationToken.None);
        var resolved = updated.Where(update => update.StateRank == IncidentUpdates.ResolvedRank)
            .Select(update => update.IncidentId).ToHashSet();
        return [.. incidentIds.Where(id => !resolved.Contains(id))];
    }

    /// <summary>Forgets what is known of groups with this first incident: the next incident reads the log.</summary>
    private void ForgetGroupsOf(string first)
    {
        foreach (var id in groups.Where(group => group.Value.First == first).Select(group => group.Key).ToList())
        {
            groups.Remove(id);
        }
    }
}
