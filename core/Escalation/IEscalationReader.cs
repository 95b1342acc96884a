using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Core.Escalation;

/// <summary>
/// Reads which incidents somebody is to answer. They change by the commits of their log alone, so that a page and its
/// entry are one.
/// </summary>
public interface IEscalationReader
{
    /// <returns>Whose next step is due, the longest due first.</returns>
    Task<IReadOnlyList<EscalationRow>> DueAsync(int log, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <returns>When the next step is due; null when no incident is open.</returns>
    Task<DateTimeOffset?> NextDueAsync(int log, CancellationToken cancellationToken);

    /// <returns>How many incidents are open, counted to <paramref name="most"/>.</returns>
    Task<long> CountOpenAsync(int log, int most, CancellationToken cancellationToken);

    /// <returns>The newest entries that say whom the incident was told, or that nobody answered, in order.</returns>
    Task<IReadOnlyList<LogEntry>> StepsAsync(string capId, string incidentId, int limit, CancellationToken cancellationToken);
}
