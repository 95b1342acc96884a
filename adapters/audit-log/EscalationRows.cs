using System.Data.Common;
using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.AuditLog;

/// <summary>Maps escalations to rows of the database, with the queries on them.</summary>
internal static class EscalationRows
{
    public const string Put =
        $"""
        INSERT INTO escalation (log, {Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (log, idx) DO UPDATE SET
            ladder = excluded.ladder, step = excluded.step, since = excluded.since, due_at = excluded.due_at,
            silence = excluded.silence
        """;

    public const string Drop = "DELETE FROM escalation WHERE log = $1 AND idx = $2";

    public const string AddStep = "INSERT INTO escalation_step (cap_id, incident_id, position) VALUES ($1, $2, $3)";

    /// <summary>CapIDs take turns: the longest overdue of each, then the next of each.</summary>
    public const string Due =
        $"""
        SELECT {Columns} FROM (
            SELECT {Columns}, row_number() OVER (PARTITION BY cap_id ORDER BY due_at, idx) AS turn
            FROM escalation WHERE log = $1 AND due_at <= $2) due
        ORDER BY turn, due_at, idx LIMIT $3
        """;

    public const string NextDue = "SELECT min(due_at) FROM escalation WHERE log = $1";

    public const string Silences = "SELECT DISTINCT silence FROM escalation WHERE log = $1 AND silence IS NOT NULL";

    public const string Held = $"SELECT {Columns} FROM escalation WHERE log = $1 AND silence = $2 AND idx > $3 ORDER BY idx LIMIT $4";

    public const string Count = "SELECT count(*) FROM (SELECT 1 FROM escalation WHERE log = $1 LIMIT $2) open";

    /// <summary>The newest steps of an incident, in log order.</summary>
    public const string StepsOf =
        """
        SELECT e.idx, e.kind, e.bytes FROM (
            SELECT position FROM escalation_step WHERE cap_id = $1 AND incident_id = $2 ORDER BY position DESC LIMIT $3) step
        JOIN audit_entry e ON e.log = step.position >> 40 AND e.idx = step.position & 1099511627775
        ORDER BY step.position
        """;

    public const string PutUnanswered =
        $"""
        INSERT INTO unanswered ({UnansweredColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (log, idx) DO UPDATE SET
            severity = excluded.severity, ladder = excluded.ladder, since = excluded.since, at = excluded.at,
            expires_at = excluded.expires_at
        """;

    public const string DropUnanswered = "DELETE FROM unanswered WHERE log = $1 AND idx = $2";

    public const string Unanswered = $"SELECT {UnansweredColumns} FROM unanswered WHERE ladder = $1 ORDER BY at, log, idx LIMIT $2";

    public const string UnansweredCounts = "SELECT ladder, count(*), min(expires_at) FROM unanswered GROUP BY ladder";

    private const string UnansweredColumns = "log, idx, cap_id, incident_id, severity, ladder, since, at, expires_at";

    private const string Columns = "idx, cap_id, incident_id, severity, ladder, step, since, due_at, silence";

    public static object[] Values(int log, EscalationRow row) =>
    [
        log, row.Index, row.CapId, row.IncidentId, row.Severity, row.Ladder, row.Step, row.Since, row.DueAt.ToUnixTimeMilliseconds(),
        (object?)row.Silence ?? DBNull.Value,
    ];

    public static object[] Values(UnansweredRow row) =>
    [
        row.Log, row.Index, row.CapId, row.IncidentId, row.Severity, row.Ladder, row.Since, row.At.ToUnixTimeMilliseconds(),
        row.ExpiresAt.ToUnixTimeMilliseconds(),
    ];

    public static UnansweredRow ReadUnanswered(DbDataReader row) => new(
        row.GetInt32(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetInt64(6),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(7)), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(8)));

    public static EscalationRow Read(DbDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5), row.GetInt64(6),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(7)), row.IsDBNull(8) ? null : row.GetString(8));
}
