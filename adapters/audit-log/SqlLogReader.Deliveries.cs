using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.AuditLog;

/// <summary>Reads deliveries, which are stored with their log.</summary>
public abstract partial class SqlLogReader : IDeliveryReader
{
    public Task<IReadOnlyList<DeliveryRow>> DueAsync(
        int log, string webhook, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        QueryAsync(DeliveryQueries.Due, DeliveryRows.Read, cancellationToken, log, webhook, now.ToUnixTimeMilliseconds(), limit);

    public async Task<long> CountWaitingAsync(
        int log, string webhook, int severityRank, string capId, int most, CancellationToken cancellationToken) =>
        (await QueryAsync(
            DeliveryQueries.CountOfCap, row => new { Count = row.GetInt64(0) }, cancellationToken, log, webhook, severityRank, capId,
            most))[0].Count;

    public Task<IReadOnlyList<CapTurn>> NextCapsAsync(
        int log, string webhook, int severityRank, string afterCap, DateTimeOffset now, IReadOnlyCollection<long> except,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(except.Count, IDeliveryReader.MaxExcept);
        return QueryAsync(
            DeliveryQueries.NextByCap, row => new CapTurn(row.GetString(0), row.IsDBNull(1) ? null : row.GetInt64(1)), cancellationToken,
            [
                log, webhook, severityRank, afterCap, now.ToUnixTimeMilliseconds(),
                .. except.Concat(Enumerable.Repeat(-1L, IDeliveryReader.MaxExcept - except.Count)).Cast<object>(),
            ]);
    }

    public async Task<DateTimeOffset?> NextDueAsync(int log, string webhook, CancellationToken cancellationToken)
    {
        var found = await QueryAsync(
            DeliveryQueries.NextDue, row => new { At = row.IsDBNull(0) ? (long?)null : row.GetInt64(0) }, cancellationToken, log, webhook);
        return found[0].At is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
    }

    public async Task<long> CountWaitingAsync(int log, string webhook, int most, CancellationToken cancellationToken) =>
        (await QueryAsync(DeliveryQueries.CountWaiting, row => new { Count = row.GetInt64(0) }, cancellationToken, log,
            webhook, most))[0].Count;

    public Task<DeliveryRow?> FindAsync(int log, string webhook, long index, CancellationToken cancellationToken) =>
        FirstOrDefaultAsync(DeliveryQueries.Find, DeliveryRows.Read, cancellationToken, log, webhook, index);

    public async Task<IReadOnlyList<DeliveryRow>> OfEntriesAsync(
        int log, IReadOnlyList<string> webhooks, IReadOnlyList<long> indexes, CancellationToken cancellationToken)
    {
        var rows = new List<DeliveryRow>();
        foreach (var webhook in webhooks)
        {
            rows.AddRange(await QueryAsync(
                DeliveryQueries.OfEntries(indexes.Count), DeliveryRows.Read, cancellationToken, [log, webhook, .. indexes.Cast<object>()]));
        }

        return rows;
    }

    public Task<IReadOnlyList<DeliveryRow>> ListAsync(DeliveryQuery query, CancellationToken cancellationToken)
    {
        var (sql, values) = DeliveryQueries.List(query);
        return QueryAsync(sql, DeliveryRows.Read, cancellationToken, values);
    }
}
