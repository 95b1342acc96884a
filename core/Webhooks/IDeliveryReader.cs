using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Core.Webhooks;

/// <summary>
/// Reads the state of deliveries. It changes by the commits of their log alone, so that an
/// outcome and its entry are one commit.
/// </summary>
public interface IDeliveryReader
{
    /// <returns>Waiting deliveries that are due: the most severe first, of those the longest overdue.</returns>
    Task<IReadOnlyList<DeliveryRow>> DueAsync(int log, string webhook, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Returns the next <see cref="MaxCaps"/> CapIDs after <paramref name="afterCap"/> that have
    /// waiting deliveries, ordered by CapID.
    /// </summary>
    /// <param name="severityRank">Severity rank of the deliveries.</param>
    /// <param name="afterCap">The CapID that had the last turn; empty for the beginning.</param>
    /// <param name="except">Indexes of entries whose delivery is under way; at most <see cref="MaxExcept"/>.</param>
    Task<IReadOnlyList<CapTurn>> NextCapsAsync(
        int log, string webhook, int severityRank, string afterCap, DateTimeOffset now, IReadOnlyCollection<long> except,
        CancellationToken cancellationToken);

    const int MaxCaps = 64, MaxExcept = 16;

    /// <returns>Number of waiting deliveries of one CapID and severity, counted up to <paramref name="most"/>.</returns>
    Task<long> CountWaitingAsync(
        int log, string webhook, int severityRank, string capId, int most, CancellationToken cancellationToken);

    /// <returns>When the next delivery is due; null when none waits.</returns>
    Task<DateTimeOffset?> NextDueAsync(int log, string webhook, CancellationToken cancellationToken);

    /// <returns>Number of waiting deliveries, counted up to <paramref name="most"/>.</returns>
    Task<long> CountWaitingAsync(int log, string webhook, int most, CancellationToken cancellationToken);

    /// <returns>Null when there is no such delivery.</returns>
    Task<DeliveryRow?> FindAsync(int log, string webhook, long index, CancellationToken cancellationToken);

    /// <param name="indexes">Indexes of entries; at most a few hundred.</param>
    /// <returns>Their deliveries to these webhooks.</returns>
    Task<IReadOnlyList<DeliveryRow>> OfEntriesAsync(
        int log, IReadOnlyList<string> webhooks, IReadOnlyList<long> indexes, CancellationToken cancellationToken);

    /// <returns>One row more than the query's limit when there are more.</returns>
    Task<IReadOnlyList<DeliveryRow>> ListAsync(DeliveryQuery query, CancellationToken cancellationToken);
}

/// <param name="Index">Index of the longest overdue entry; null when nothing of this CapID is due.</param>
public sealed record CapTurn(string CapId, long? Index);
