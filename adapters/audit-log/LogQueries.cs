using System.Text;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;

namespace CapOrleans.AuditLog;

/// <summary>
/// The reader's queries, for both databases unless noted; parameters are <c>$1</c>, <c>$2</c> and so on.
/// </summary>
internal static class LogQueries
{
    public const string FixLayout = "INSERT INTO log_layout (only_row, logs) VALUES (0, $1) ON CONFLICT DO NOTHING";

    public const string Layout = "SELECT logs FROM log_layout";

    public const string Head = "SELECT origin, size, root FROM log_head WHERE log = $1";

    public const string Entries = "SELECT idx, kind, bytes FROM audit_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3";

    /// <summary>For SQLite, which runs in this process: the reader hashes the bytes itself.</summary>
    public const string EntryBytes = "SELECT bytes FROM audit_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3";

    /// <summary>For PostgreSQL: hashes in the database, so that only 32 bytes per entry are transferred.</summary>
    public const string LeafHashes =
        "SELECT sha256('\\x00'::bytea || bytes) FROM audit_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3";

    public const string Incident = IncidentEntries + " WHERE i.cap_id = $1 AND i.incident_id = $2";

    public const string Cap = "SELECT context, score, incidents FROM cap WHERE cap_id = $1";

    public const string Caps = "SELECT context, score, incidents FROM cap WHERE cap_id > $1 ORDER BY cap_id LIMIT $2";

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
    /// The newest entry of any kind but the most frequent one. The subquery selects only the index number: SQLite does
    /// not use the partial index for more columns, and would scan the log from its end.
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
    /// Builds a query with only the conditions that apply, and queries each severity separately, so that each part can
    /// use an index. By time, the order is that of acceptance, so a page costs only the rows it returns, wherever it
    /// lies in a long history. Entries are looked up by position after the sort, which thus handles only numbers.
    /// </summary>
    public static (string Sql, object[] Values) Incidents(IncidentQuery query)
    {
        List<object> values = query.IsByTime ? [query.After, query.AfterMilliseconds] : [query.After];
        if (query is { IsNewestFirst: true, AfterMilliseconds: < 0 })
        {
            values = [long.MaxValue, long.MaxValue];
        }

        string Parameter(object value)
        {
            values.Add(value);
            return $"${values.Count}";
        }

        var (comparison, direction) = query.IsNewestFirst ? ("<", " DESC") : (">", "");
        var conditions = new StringBuilder(query.IsByTime ? $"(accepted_at, position) {comparison} ($2, $1)" : "position > $1");
        conditions.Append(query.CapId is { } capId ? $" AND cap_id = {Parameter(capId)}" : "");
        conditions.Append(query.From is { } from ? $" AND accepted_at >= {Parameter(from.ToUnixTimeMilliseconds())}" : "");
        conditions.Append(query.To is { } to ? $" AND accepted_at < {Parameter(to.ToUnixTimeMilliseconds())}" : "");
        var order = query.IsByTime ? $"ORDER BY accepted_at{direction}, position{direction}" : "ORDER BY position";
        var limit = Parameter(query.Limit + 1);
        var parts = Ranks(query.Severities).Select((rank, part) =>
            $"SELECT * FROM (SELECT position, accepted_at FROM incident WHERE {conditions}{rank} {order} LIMIT {limit}) part{part}");
        return (
            $"""
            SELECT i.position & 1099511627775, 'incident.accepted',
              (SELECT e.bytes FROM audit_entry e WHERE e.log = i.position >> 40 AND e.idx = i.position & 1099511627775)
            FROM (SELECT position, accepted_at FROM ({string.Join(" UNION ALL ", parts)}) parts {order} LIMIT {limit}) i
            """,
            [.. values]);
    }

    /// <returns>One condition per requested rank; a single empty one when every rank is wanted.</returns>
    private static List<string> Ranks(IReadOnlyList<string>? severities)
    {
        var ranks = severities is null ? [] : severities.Select(Severity.Rank).Distinct().ToList();
        return ranks.Count is 0 || ranks.Count == Severity.Ladder.Count
            ? [""]
            : ranks.ConvertAll(rank => rank == 0 ? " AND severity = 0" : $" AND severity > 0 AND severity = {rank}");
    }

    /// <summary>Builds a query for this many incidents, each identified by CapID and incident id.</summary>
    public static string Corrections(int incidents) => EntriesOf("correction", incidents);

    /// <inheritdoc cref="Corrections"/>
    public static string Updates(int incidents) => EntriesOf("incident_update", incidents);

    /// <summary>
    /// Per updated incident: the number of updates, its state after the last one that changed it (0 to 2), and the
    /// newest update.
    /// </summary>
    public static string UpdateSummaries(int incidents) =>
        $"""
        SELECT s.cap_id, s.incident_id, s.many, s.state, e.idx, e.kind, e.bytes
        FROM (
            SELECT cap_id, incident_id, count(*) AS many, max(position) AS newest,
                coalesce(max(CASE WHEN state IS NULL THEN NULL ELSE position * 4 + state END), 0) & 3 AS state
            FROM ({Pairs(incidents)}) wanted JOIN incident_update ON cap_id = wanted.column1 AND incident_id = wanted.column2
            GROUP BY cap_id, incident_id) s
        JOIN audit_entry e ON e.log = s.newest >> 40 AND e.idx = s.newest & 1099511627775
        """;

    private static string EntriesOf(string table, int incidents) =>
        $"""
        SELECT e.idx, e.kind, e.bytes
        FROM ({Pairs(incidents)}) wanted
        JOIN {table} c ON c.cap_id = wanted.column1 AND c.incident_id = wanted.column2
        JOIN audit_entry e ON e.log = c.position >> 40 AND e.idx = c.position & 1099511627775
        ORDER BY c.position
        """;

    /// <summary>Meant for a join: SQLite uses no index for <c>(cap_id, incident_id) IN (VALUES ...)</c>.</summary>
    private static string Pairs(int incidents) =>
        $"VALUES {string.Join(", ", Enumerable.Range(0, incidents).Select(i => $"(${(2 * i) + 1}, ${(2 * i) + 2})"))}";
}
