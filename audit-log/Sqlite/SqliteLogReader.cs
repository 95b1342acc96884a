using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using Microsoft.Data.Sqlite;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>Reads on pooled connections of their own; WAL lets them run beside the writer.</summary>
public sealed class SqliteLogReader(SqliteDatabase database) : IAuditLogReader
{
    public Task<LogHead?> HeadAsync(int log, CancellationToken cancellationToken) => One(
        "SELECT origin, size, root FROM log_head WHERE log = $1",
        row => new LogHead(row.GetString(0), row.GetInt64(1), (byte[])row[2]), cancellationToken, log);

    public Task<IReadOnlyList<LogEntry>> ReadAsync(int log, long from, int limit, CancellationToken cancellationToken) => Many(
        "SELECT idx, kind, bytes FROM audit_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3",
        ReadEntry, cancellationToken, log, from, limit);

    public Task<LogEntry?> FindIncidentAsync(string capId, string incidentId, CancellationToken cancellationToken) => One(
        """
        SELECT e.idx, e.kind, e.bytes
        FROM incident i JOIN audit_entry e ON e.log = i.place >> 40 AND e.idx = i.place & 0xFFFFFFFFFF
        WHERE i.cap_id = $1 AND i.incident_id = $2
        """,
        ReadEntry, cancellationToken, capId, incidentId);

    public Task<IReadOnlyList<LogEntry>> FindIncidentsAsync(int log, IncidentQuery query, CancellationToken cancellationToken)
    {
        // Only the conditions that apply are written, so that each shape of query finds its index.
        var sql = new System.Text.StringBuilder(
            """
            SELECT e.idx, e.kind, e.bytes
            FROM incident i JOIN audit_entry e ON e.log = i.place >> 40 AND e.idx = i.place & 0xFFFFFFFFFF
            WHERE i.place >= $1 AND i.place < $2
            """);
        List<object> values = [Place.Of(log, query.After + 1), Place.EndOf(log)];
        void Where(string condition, object? value)
        {
            if (value is not null)
            {
                values.Add(value);
                sql.Append(" AND ").Append(condition).Append(" $").Append(values.Count);
            }
        }

        Where("i.cap_id =", query.CapId);
        Where("i.severity > 0 AND i.severity =", query.Severity is { } severity && Severity.Rank(severity) is > 0 and var rank ? rank : null);
        Where("i.severity =", query.Severity == Severity.Normal ? 0 : null);
        Where("i.accepted_at >=", query.From?.ToUnixTimeMilliseconds());
        Where("i.accepted_at <", query.To?.ToUnixTimeMilliseconds());
        values.Add(query.Limit + 1);
        sql.Append(" ORDER BY i.place LIMIT $").Append(values.Count);
        return Many(sql.ToString(), ReadEntry, cancellationToken, [.. values]);
    }

    public async Task<(CapContext Context, decimal Score, long Incidents)?> FindCapAsync(string capId, CancellationToken cancellationToken)
    {
        var found = await One(
            "SELECT context, score, incidents FROM cap WHERE cap_id = $1",
            row => new { Context = CapContextJson.Read(row.GetString(0)), Score = row.GetInt64(1) / 10_000m, Incidents = row.GetInt64(2) },
            cancellationToken, capId);
        return found is null ? null : (found.Context, found.Score, found.Incidents);
    }

    public Task<LogEntry?> LatestAsync(int log, string kind, CancellationToken cancellationToken) => One(
        "SELECT idx, kind, bytes FROM audit_entry WHERE log = $1 AND kind = $2 AND kind <> 'incident.accepted' ORDER BY idx DESC LIMIT 1",
        ReadEntry, cancellationToken, log, kind);

    public async Task<long> PositionAsync(int log, string follower, CancellationToken cancellationToken) =>
        (await One("SELECT position FROM bookmark WHERE log = $1 AND follower = $2",
            row => new { Position = row.GetInt64(0) }, cancellationToken, log, follower))?.Position ?? 0;

    public Task<LogEntry?> CoveringAsync(int log, string kind, long index, CancellationToken cancellationToken) => One(
        """
        SELECT e.idx, e.kind, e.bytes
        FROM (SELECT log, idx, from_idx FROM cover WHERE log = $1 AND kind = $2 AND to_idx > $3 ORDER BY to_idx LIMIT 1) c
        JOIN audit_entry e ON e.log = c.log AND e.idx = c.idx
        WHERE c.from_idx <= $3
        """,
        ReadEntry, cancellationToken, log, kind, index);

    private static LogEntry ReadEntry(SqliteDataReader row) => new(row.GetInt64(0), row.GetString(1), (byte[])row[2]);

    private async Task<T?> One<T>(string sql, Func<SqliteDataReader, T> read, CancellationToken cancellationToken, params object[] values)
        where T : class =>
        (await Many(sql, read, cancellationToken, values)) is [var found, ..] ? found : null;

    // SQLite reads are synchronous file reads: they run on the thread pool, never on a grain's scheduler.
    private Task<IReadOnlyList<T>> Many<T>(
        string sql, Func<SqliteDataReader, T> read, CancellationToken cancellationToken, params object[] values) => Task.Run<IReadOnlyList<T>>(
        () =>
        {
            using var connection = database.Connect();
            using var statement = new SqliteStatement(connection, sql, values.Length);
            using var reader = statement.Query(null, values);
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return rows;
        },
        cancellationToken);
}
