using System.Text;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;

namespace CapOrleans.AuditLog;

/// <summary>The reader's questions. Both databases understand them; parameters are <c>$1</c>, <c>$2</c> and so on.</summary>
internal static class LogQueries
{
    public const string FixLayout = "INSERT INTO log_layout (only_row, logs) VALUES (0, $1) ON CONFLICT DO NOTHING";

    public const string Layout = "SELECT logs FROM log_layout";

    public const string Head = "SELECT origin, size, root FROM log_head WHERE log = $1";

    public const string Entries = "SELECT idx, kind, bytes FROM audit_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3";

    /// <summary>SQLite reads the file of its own process: the bytes are hashed as they pass.</summary>
    public const string EntryBytes = "SELECT bytes FROM audit_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3";

    /// <summary>PostgreSQL hashes where the bytes are, so that 32 of each entry travel.</summary>
    public const string LeafHashes =
        "SELECT sha256('\\x00'::bytea || bytes) FROM audit_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3";

    public const string Incident = IncidentEntries + " WHERE i.cap_id = $1 AND i.incident_id = $2";

    public const string Cap = "SELECT context, score, incidents FROM cap WHERE cap_id = $1";

    public const string Adjustment = "SELECT CAST(coalesce(sum(adjustment), 0) AS bigint) FROM correction WHERE cap_id = $1 AND incident_id = $2";

    public const string Score =
        """
        SELECT e.idx, e.kind, e.bytes
        FROM (
            SELECT position FROM (SELECT position FROM incident WHERE cap_id = $1 AND position > $2 ORDER BY position LIMIT $3) accepted
            UNION ALL
            SELECT position FROM (SELECT position FROM correction WHERE cap_id = $1 AND position > $2 ORDER BY position LIMIT $3) corrected
        ) step
        JOIN audit_entry e ON e.log = step.position >> 40 AND e.idx = step.position & 1099511627775
        ORDER BY step.position LIMIT $3
        """;

    /// <summary>
    /// Of any kind but the most frequent one. The index is asked for the number alone: SQLite takes it for nothing else, and would read the
    /// log from its end.
    /// </summary>
    public const string Latest =
        """
        SELECT idx, kind, bytes FROM audit_entry
        WHERE log = $1 AND idx = (SELECT max(idx) FROM audit_entry WHERE log = $1 AND kind = $2 AND kind <> 'incident.accepted')
        """;

    public const string Position = "SELECT position FROM consumer_offset WHERE log = $1 AND consumer = $2";

    public const string Covering =
        """
        SELECT e.idx, e.kind, e.bytes
        FROM (SELECT log, idx, from_idx FROM cover WHERE log = $1 AND kind = $2 AND to_idx > $3 ORDER BY to_idx LIMIT 1) c
        JOIN audit_entry e ON e.log = c.log AND e.idx = c.idx
        WHERE c.from_idx <= $3
        """;

    private const string IncidentEntries =
        "SELECT e.idx, e.kind, e.bytes FROM incident i JOIN audit_entry e ON e.log = i.position >> 40 AND e.idx = i.position & 1099511627775";

    /// <summary>
    /// Only the conditions that apply are written, so that each shape of query finds its index. With a time, the order is that of acceptance: so a
    /// page costs what it shows, wherever in a long history it lies.
    /// </summary>
    public static (string Sql, object[] Values) Incidents(IncidentQuery query)
    {
        var byTime = query.From is not null || query.To is not null;
        var sql = new StringBuilder(IncidentEntries).Append(byTime ? " WHERE (i.accepted_at, i.position) > ($2, $1)" : " WHERE i.position > $1");
        List<object> values = byTime ? [query.After, query.AfterMilliseconds] : [query.After];
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
        sql.Append(byTime ? " ORDER BY i.accepted_at, i.position" : " ORDER BY i.position").Append(" LIMIT $").Append(values.Count);
        return (sql.ToString(), [.. values]);
    }
}
