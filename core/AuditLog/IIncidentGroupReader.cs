using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.AuditLog;

/// <summary>Reads the groups of incidents, as far as they are committed.</summary>
public interface IIncidentGroupReader
{
    /// <returns>The newest group with this id; null when there is none.</returns>
    Task<GroupState?> FindGroupAsync(string capId, string groupId, CancellationToken cancellationToken);

    /// <returns>Ids of the first incidents of the groups with this id, the newest first.</returns>
    Task<IReadOnlyList<string>> FirstsAsync(string capId, string groupId, int limit, CancellationToken cancellationToken);

    /// <returns>The entry of the earliest incident after the group's first that was never resolved; null when there is
    /// none.</returns>
    Task<LogEntry?> FindNextOpenAsync(string capId, IncidentGroup group, CancellationToken cancellationToken);

    /// <summary>Maximum number of incidents of a group that are counted.</summary>
    const int MaxCounted = 10_000;

    /// <returns>The group with the number of its incidents, counted up to <see cref="MaxCounted"/>; null for no group.</returns>
    Task<IncidentGroup?> CountAsync(string capId, IncidentGroup? group, CancellationToken cancellationToken);
}
