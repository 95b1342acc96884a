namespace CapOrleans.AuditLog;

/// <summary>Queries on the groups of incidents, for both databases.</summary>
internal static class GroupQueries
{
    /// <summary>For SQLite; for PostgreSQL, the writer adds all rows of a commit at once.</summary>
    public const string Add = "INSERT INTO incident_group (cap_id, group_id, position, first, is_first) VALUES ($1, $2, $3, $4, $5)";

    public const string Firsts =
        "SELECT first FROM incident_group WHERE cap_id = $1 AND group_id = $2 AND is_first = 1 ORDER BY position DESC LIMIT $3";

    /// <summary>The group of the newest incident; none if the log does not have that group's first incident.</summary>
    public const string Newest =
        """
        SELECT newest.first, f.position & 1099511627775, f.severity, i.accepted_at
        FROM (
            SELECT first, position FROM incident_group WHERE cap_id = $1 AND group_id = $2 ORDER BY position DESC LIMIT 1) newest
        JOIN incident i ON i.position = newest.position
        JOIN incident f ON f.cap_id = $1 AND f.incident_id = newest.first
        """;

    /// <summary>The earliest incident after the first that was never resolved.</summary>
    public const string NextOpen =
        """
        SELECT e.idx, e.kind, e.bytes FROM (
            SELECT member.position FROM incident_group member JOIN incident i ON i.position = member.position
            WHERE member.cap_id = $1 AND member.group_id = $2 AND member.first = $3 AND member.is_first = 0
                AND member.position > (SELECT position FROM incident WHERE cap_id = $1 AND incident_id = $3)
                AND NOT EXISTS (SELECT 1 FROM incident_update u
                    WHERE u.cap_id = $1 AND u.incident_id = i.incident_id AND u.state = 2)
            ORDER BY member.position LIMIT 1) open
        JOIN audit_entry e ON e.log = open.position >> 40 AND e.idx = open.position & 1099511627775
        """;

    public const string Count =
        """
        SELECT count(*) FROM (
            SELECT 1 FROM incident_group WHERE cap_id = $1 AND group_id = $2 AND first = $3
                AND position >= (SELECT position FROM incident WHERE cap_id = $1 AND incident_id = $3)
            ORDER BY position LIMIT $4) members
        """;
}
