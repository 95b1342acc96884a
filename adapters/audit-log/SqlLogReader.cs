using System.Data.Common;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.AuditLog;

/// <summary>
/// The reader for both databases: they share their queries, except that for leaf hashes, and differ in how a query is
/// run.
/// </summary>
public abstract partial class SqlLogReader : IAuditLogReader
{
    public Task<LogHead?> HeadAsync(int log, CancellationToken cancellationToken) => FirstOrDefaultAsync(
        LogQueries.Head, row => new LogHead(row.GetString(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2)), cancellationToken, log);

    public Task<LogPage> ReadAsync(int log, long from, int limit, CancellationToken cancellationToken) =>
        ReadPageAsync(LogQueries.Entries, limit, cancellationToken, log, from, limit + 1);

    public abstract Task<IReadOnlyList<byte[]>> ReadLeafHashesAsync(int log, long from, int limit, CancellationToken cancellationToken);

    public Task<LogEntry?> FindIncidentAsync(string capId, string incidentId, CancellationToken cancellationToken) =>
        FirstOrDefaultAsync(LogQueries.Incident, ReadEntry, cancellationToken, capId, incidentId);

    public Task<LogPage> FindIncidentsAsync(IncidentQuery query, CancellationToken cancellationToken)
    {
        var (sql, values) = LogQueries.Incidents(query);
        return ReadPageAsync(sql, query.Limit, cancellationToken, values);
    }

    public async Task<(CapContext Context, decimal Score, long Incidents)?> FindCapAsync(string capId, CancellationToken cancellationToken)
    {
        var found = await FirstOrDefaultAsync(
            LogQueries.Cap,
            row => new { Context = CapContextJson.Read(row.GetString(0)), Score = Score(row), Incidents = row.GetInt64(2) },
            cancellationToken, capId);
        return found is null ? null : (found.Context, found.Score, found.Incidents);
    }

    public async Task<(IReadOnlyList<(CapContext Context, decimal Score, long Incidents)> Caps, bool HasMore)> ListCapsAsync(
        string after, int limit, CancellationToken cancellationToken)
    {
        var (caps, hasMore) = await Rows(
            LogQueries.Caps, limit,
            row =>
            {
                var context = row.GetString(0);
                return (new { Context = CapContextJson.Read(context), Score = Score(row), Incidents = row.GetInt64(2) }, context.Length);
            },
            cancellationToken, after, limit + 1);
        return ([.. caps.Select(cap => (cap.Context, cap.Score, cap.Incidents))], hasMore);
    }

    public Task<IReadOnlyList<LogEntry>> CorrectionsAsync(
        IReadOnlyList<(string CapId, string IncidentId)> incidents, CancellationToken cancellationToken) =>
        QueryIncidentsAsync(LogQueries.Corrections, incidents, ReadEntry, cancellationToken);

    public Task<IReadOnlyList<LogEntry>> UpdatesAsync(
        IReadOnlyList<(string CapId, string IncidentId)> incidents, CancellationToken cancellationToken) =>
        QueryIncidentsAsync(LogQueries.Updates, incidents, ReadEntry, cancellationToken);

    public Task<IReadOnlyList<UpdateSummary>> UpdateSummariesAsync(
        IReadOnlyList<(string CapId, string IncidentId)> incidents, CancellationToken cancellationToken) =>
        QueryIncidentsAsync(LogQueries.UpdateSummaries, incidents, row => new UpdateSummary(
            row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetInt32(3), ReadEntry(row, 4)), cancellationToken);

    public async Task<decimal> AdjustmentAsync(string capId, string incidentId, CancellationToken cancellationToken) =>
        (await QueryAsync(LogQueries.Adjustment, row => new { Sum = row.GetInt64(0) }, cancellationToken, capId,
            incidentId))[0].Sum / 10_000m;

    public Task<LogPage> ReadScoreAsync(int log, string capId, long after, int limit, CancellationToken cancellationToken) =>
        ReadPageAsync(LogQueries.Score, limit, cancellationToken, capId, after < 0 ? PackedPosition.Of(log,
            0) - 1 : PackedPosition.Of(log, after), limit + 1);

    public Task<LogEntry?> LatestAsync(int log, string kind, CancellationToken cancellationToken) =>
        FirstOrDefaultAsync(LogQueries.Latest, ReadEntry, cancellationToken, log, kind);

    public async Task<long> PositionAsync(int log, string consumer, CancellationToken cancellationToken) =>
        (await FirstOrDefaultAsync(LogQueries.Position, row => new { Position = row.GetInt64(0) }, cancellationToken, log,
            consumer))?.Position ?? 0;

    public Task<LogEntry?> CoveringAsync(int log, string kind, long index, CancellationToken cancellationToken) =>
        FirstOrDefaultAsync(LogQueries.Covering, ReadEntry, cancellationToken, log, kind, index);

    /// <param name="read">Returns null for a row that, like all after it, is not wanted.</param>
    /// <param name="cancellationToken">Also cancels a running query.</param>
    /// <param name="values">Values of <c>$1</c>, <c>$2</c> and so on: long, int, short or string.</param>
    private protected abstract Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, Func<DbDataReader, T?> read, CancellationToken cancellationToken, params object[] values)
        where T : class;

    private async Task<IReadOnlyList<T>> QueryIncidentsAsync<T>(
        Func<int, string> sql, IReadOnlyList<(string CapId, string IncidentId)> incidents, Func<DbDataReader, T> read,
        CancellationToken cancellationToken)
        where T : class =>
        incidents.Distinct().ToList() is not { Count: > 0 } each ? [] : await QueryAsync(sql(each.Count), read, cancellationToken,
            [.. each.SelectMany(incident => (object[])[incident.CapId, incident.IncidentId])]);

    /// <param name="sql">Must select one row more than <paramref name="limit"/>.</param>
    private async Task<LogPage> ReadPageAsync(string sql, int limit, CancellationToken cancellationToken, params object[] values)
    {
        var (entries, hasMore) = await Rows(
            sql, limit,
            row =>
            {
                var entry = ReadEntry(row);
                return (entry, entry.Bytes.Length);
            },
            cancellationToken, values);
        return new LogPage(entries, hasMore);
    }

    /// <param name="read">Returns the row and its size in bytes, or about that.</param>
    private async Task<(IReadOnlyList<T> ReadRowsAsync, bool HasMore)> Rows<T>(
        string sql, int limit, Func<DbDataReader, (T Row, int Bytes)> read, CancellationToken cancellationToken, params object[] values)
        where T : class
    {
        var (count, bytes, hasMore) = (0, 0L, false);
        var rows = await QueryAsync(
            sql,
            row =>
            {
                if (count == limit || bytes >= IAuditLogReader.PageBytes)
                {
                    hasMore = true;
                    return null;
                }

                var (one, size) = read(row);
                (count, bytes) = (count + 1, bytes + size);
                return one;
            },
            cancellationToken, values);
        return (rows, hasMore);
    }

    private static decimal Score(DbDataReader cap) => cap.GetInt64(1) / 10_000m;

    private static LogEntry ReadEntry(DbDataReader row) => ReadEntry(row, 0);

    private static LogEntry ReadEntry(DbDataReader row, int column) =>
        new(row.GetInt64(column), row.GetString(column + 1), row.GetFieldValue<byte[]>(column + 2));

    private async Task<T?> FirstOrDefaultAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken,
        params object[] values)
        where T : class =>
        (await QueryAsync(sql, read, cancellationToken, values)) is [var found, ..] ? found : null;
}
