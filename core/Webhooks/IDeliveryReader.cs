using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Core.Webhooks;

/// <summary>
/// Reads what is known of deliveries. They change by the commits of their log alone, so that an outcome and its entry are one.
/// </summary>
public interface IDeliveryReader
{
    /// <returns>What waits and is due: the most severe first, of those the longest due.</returns>
    Task<IReadOnlyList<DeliveryRow>> DueAsync(int log, string webhook, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <returns>When the next one is due; null when none waits.</returns>
    Task<DateTimeOffset?> NextDueAsync(int log, string webhook, CancellationToken cancellationToken);

    /// <returns>Null when nothing is known of it.</returns>
    Task<DeliveryRow?> FindAsync(int log, string webhook, long index, CancellationToken cancellationToken);

    /// <returns>One more than the query's limit, when there are more.</returns>
    Task<IReadOnlyList<DeliveryRow>> ListAsync(DeliveryQuery query, CancellationToken cancellationToken);
}
