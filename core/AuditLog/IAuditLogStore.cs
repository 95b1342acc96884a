using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.AuditLog;

/// <summary>
/// The store was created by a newer program, or with another number of logs; the message says what an operator can do.
/// </summary>
public sealed class StoreMismatchException(string message) : Exception(message)
{
    public static void ThrowIfLogCountDiffers(int stored, int configured)
    {
        if (stored != configured)
        {
            throw new StoreMismatchException($"The database was created with {stored} logs, but LOGS is {configured}: set " +
                $"LOGS={stored}, or use an empty database.");
        }
    }

    public static void ThrowIfNewer(string component, int version, int known)
    {
        if (version > known)
        {
            throw new StoreMismatchException($"The schema of {component} has version {version}, but this program " +
                $"supports {known}: run the newer program, or use an empty database.");
        }
    }
}

/// <summary>
/// Durable writer of a log. Meant for one writer at a time; correct with two, because each
/// commit compares and swaps the head.
/// </summary>
public interface IAuditLogWriter
{
    /// <summary>Returns the log's head; creates the log, with an origin of its own, when it does not exist.</summary>
    /// <param name="log">0 to 63.</param>
    Task<LogHead> OpenAsync(int log, CancellationToken cancellationToken);

    /// <summary>
    /// Commits, in order and in one transaction, each append of <paramref name="batch"/> that can be committed.
    /// </summary>
    /// <param name="expected">The head that the writer knows; its size is the fence.</param>
    /// <param name="cancellationToken">Honoured until writing starts, never during it.</param>
    /// <returns>
    /// The new head and one outcome per append. When the task completes, everything appended is on disk.
    /// </returns>
    /// <exception cref="LogFencedException">Another writer has changed the log; nothing was committed.</exception>
    Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> CommitAsync(
        int log, LogHead expected, IReadOnlyList<Append> batch, CancellationToken cancellationToken);
}

/// <param name="StateRank">Index into <see cref="Caps.IncidentUpdates.States"/>.</param>
public sealed record UpdateSummary(string CapId, string IncidentId, int Count, int StateRank, LogEntry Newest);

/// <summary>
/// Reads committed data, for any number of readers, which never wait for the writer. A page ends at its limit of rows,
/// or when its entries have <see cref="PageBytes"/>, whichever comes first; it has at least one entry if there is any.
/// </summary>
public interface IAuditLogReader
{
    /// <summary>4 MiB: an entry may take a fifth of a megabyte, and many pages are read concurrently.</summary>
    const int PageBytes = 4 << 20;

    Task<LogHead?> HeadAsync(int log, CancellationToken cancellationToken);

    /// <param name="limit">1 to 1000.</param>
    /// <returns>Entries from <paramref name="from"/> on, in order.</returns>
    Task<LogPage> ReadAsync(int log, long from, int limit, CancellationToken cancellationToken);

    /// <summary>Reads leaf hashes, for callers that need the tree but not the entries, which are large.</summary>
    /// <param name="limit">1 to 10,000.</param>
    /// <returns>Leaf hashes of the entries from <paramref name="from"/> on, in order; empty at the end.</returns>
    Task<IReadOnlyList<byte[]>> ReadLeafHashesAsync(int log, long from, int limit, CancellationToken cancellationToken);

    Task<LogEntry?> FindIncidentAsync(string capId, string incidentId, CancellationToken cancellationToken);

    /// <returns>Accepted entries that match, ordered by position, or by acceptance when the query is by time.</returns>
    Task<LogPage> FindIncidentsAsync(IncidentQuery query, CancellationToken cancellationToken);

    /// <returns>The newest context with the CapID's totals; null when it is not registered.</returns>
    Task<(CapContext Context, decimal Score, long Incidents)?> FindCapAsync(string capId, CancellationToken cancellationToken);

    /// <param name="after">CapID after which the page starts; empty for the beginning.</param>
    /// <param name="limit">1 to 1000.</param>
    /// <returns>As <see cref="FindCapAsync"/>, ordered by CapID.</returns>
    Task<(IReadOnlyList<(CapContext Context, decimal Score, long Incidents)> Caps, bool HasMore)> ListCapsAsync(
        string after, int limit, CancellationToken cancellationToken);

    /// <param name="incidents">At most 1000.</param>
    /// <returns>Corrections of their dCap, in order.</returns>
    Task<IReadOnlyList<LogEntry>> CorrectionsAsync(
        IReadOnlyList<(string CapId, string IncidentId)> incidents, CancellationToken cancellationToken);

    /// <param name="incidents">At most 1000.</param>
    /// <returns>Their updates, in order.</returns>
    Task<IReadOnlyList<LogEntry>> UpdatesAsync(
        IReadOnlyList<(string CapId, string IncidentId)> incidents, CancellationToken cancellationToken);

    /// <param name="incidents">At most 2000.</param>
    /// <returns>
    /// One summary for each that was updated, in no order: number of updates, present state, newest update.
    /// </returns>
    Task<IReadOnlyList<UpdateSummary>> UpdateSummariesAsync(
        IReadOnlyList<(string CapId, string IncidentId)> incidents, CancellationToken cancellationToken);

    /// <returns>Sum of the corrections of the incident's dCap.</returns>
    Task<decimal> AdjustmentAsync(string capId, string incidentId, CancellationToken cancellationToken);

    /// <returns>Entries that moved the CapID's score, in order: accepted incidents and corrections.</returns>
    Task<LogPage> ReadScoreAsync(int log, string capId, long after, int limit, CancellationToken cancellationToken);

    Task<LogEntry?> LatestAsync(int log, string kind, CancellationToken cancellationToken);

    /// <returns>The consumer's offset; 0 when it has none.</returns>
    Task<long> PositionAsync(int log, string consumer, CancellationToken cancellationToken);

    /// <returns>The batch entry of this kind that covers the index; null while none does.</returns>
    Task<LogEntry?> CoveringAsync(int log, string kind, long index, CancellationToken cancellationToken);
}
