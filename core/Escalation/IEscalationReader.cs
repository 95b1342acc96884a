using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Core.Escalation;

/// <summary>
/// Reads which incidents await an answer. They change by the commits of their log alone, so that a
/// page and its entry are one commit.
/// </summary>
public interface IEscalationReader
{
    /// <returns>
    /// Incidents whose next step is due, the longest overdue first; CapIDs take turns, so that one CapID's flood delays
    /// no other's step.
    /// </returns>
    Task<IReadOnlyList<EscalationRow>> DueAsync(int log, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <returns>When the next step is due; null when no incident is open.</returns>
    Task<DateTimeOffset?> NextDueAsync(int log, CancellationToken cancellationToken);

    /// <returns>Ids of the silences that hold incidents back.</returns>
    Task<IReadOnlyList<string>> SilencesAsync(int log, CancellationToken cancellationToken);

    /// <param name="after">Index of an incident's entry; only later ones are returned.</param>
    /// <returns>The incidents that a silence holds back, in the order of the log.</returns>
    Task<IReadOnlyList<EscalationRow>> HeldAsync(int log, string silence, long after, int limit, CancellationToken cancellationToken);

    /// <returns>Number of open incidents, counted up to <paramref name="most"/>.</returns>
    Task<long> CountOpenAsync(int log, int most, CancellationToken cancellationToken);

    /// <returns>The incidents of all logs that stayed unanswered, per ladder.</returns>
    Task<IReadOnlyList<UnansweredCount>> UnansweredAsync(CancellationToken cancellationToken);

    /// <returns>The ladder's incidents, of all logs, that stayed unanswered; the oldest first.</returns>
    Task<IReadOnlyList<UnansweredRow>> UnansweredAsync(string ladder, int limit, CancellationToken cancellationToken);

    /// <returns>The newest entries that page the incident or record that it stayed unanswered, in log order.</returns>
    Task<IReadOnlyList<LogEntry>> StepsAsync(string capId, string incidentId, int limit, CancellationToken cancellationToken);
}

/// <param name="ExpiresAt">When the first of them no longer counts.</param>
public sealed record UnansweredCount(string Ladder, long Count, DateTimeOffset ExpiresAt);
