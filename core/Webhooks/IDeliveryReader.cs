using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Core.Webhooks;

/// <summary>
/// Reads what is known of deliveries. They change by the commits of their log alone, so that an outcome and its entry are one.
/// </summary>
public interface IDeliveryReader
{
    /// <returns>What waits and is due: the most severe first, of those the longest due.</returns>
    Task<IReadOnlyList<DeliveryRow>> DueAsync(int log, string webhook, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Of the CapIDs that wait, the next <see cref="MaxTurns"/>, in order.</summary>
    /// <param name="severityRank">Of the deliveries that are asked for.</param>
    /// <param name="afterCap">The CapID that had the last turn; empty for the first.</param>
    /// <param name="except">Indexes of what is under way; at most <see cref="MaxExcept"/>.</param>
    Task<IReadOnlyList<DeliveryTurn>> TurnsAsync(
        int log, string webhook, int severityRank, string afterCap, DateTimeOffset now, IReadOnlyCollection<long> except,
        CancellationToken cancellationToken);

    const int MaxTurns = 64, MaxExcept = 16;

    /// <returns>When the next one is due; null when none waits.</returns>
    Task<DateTimeOffset?> NextDueAsync(int log, string webhook, CancellationToken cancellationToken);

    /// <returns>How many wait, counted to <paramref name="most"/>.</returns>
    Task<long> CountWaitingAsync(int log, string webhook, int most, CancellationToken cancellationToken);

    /// <returns>Null when nothing is known of it.</returns>
    Task<DeliveryRow?> FindAsync(int log, string webhook, long index, CancellationToken cancellationToken);

    /// <param name="indexes">Of entries; at most a few hundred.</param>
    /// <returns>What is known of their deliveries to these webhooks.</returns>
    Task<IReadOnlyList<DeliveryRow>> OfEntriesAsync(
        int log, IReadOnlyList<string> webhooks, IReadOnlyList<long> indexes, CancellationToken cancellationToken);

    /// <returns>One more than the query's limit, when there are more.</returns>
    Task<IReadOnlyList<DeliveryRow>> ListAsync(DeliveryQuery query, CancellationToken cancellationToken);
}

/// <param name="Index">Of what is longest due; null when nothing of this CapID is.</param>
public sealed record DeliveryTurn(string CapId, long? Index);
