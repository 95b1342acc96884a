using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.AuditLog;

/// <summary>Reads groups of incidents.</summary>
public abstract partial class SqlLogReader : IIncidentGroupReader
{
    public Task<GroupState?> FindGroupAsync(string capId, string groupId, CancellationToken cancellationToken) => FirstOrDefaultAsync(
        GroupQueries.Newest,
        row => new GroupState(
            row.GetString(0), row.GetInt64(1), row.GetInt16(2), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3))),
        cancellationToken, capId, groupId);

    public Task<IReadOnlyList<string>> FirstsAsync(string capId, string groupId, int limit, CancellationToken cancellationToken) =>
        QueryAsync(GroupQueries.Firsts, row => row.GetString(0), cancellationToken, capId, groupId, limit);

    public Task<LogEntry?> FindNextOpenAsync(string capId, IncidentGroup group, CancellationToken cancellationToken) =>
        FirstOrDefaultAsync(GroupQueries.NextOpen, ReadEntry, cancellationToken, capId, group.Id, group.First);

    public async Task<IncidentGroup?> CountAsync(string capId, IncidentGroup? group, CancellationToken cancellationToken)
    {
        if (group is null)
        {
            return null;
        }

        var counted = await QueryAsync(
            GroupQueries.Count, row => new { Count = (int)row.GetInt64(0) }, cancellationToken, capId, group.Id, group.First,
            IIncidentGroupReader.MaxCounted);
        return group with { Count = counted[0].Count };
    }
}
