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

    public const string Count =
        """
        SELECT count(*) FROM (
            SELECT 1 FROM incident_group WHERE cap_id = $1 AND group_id = $2 AND first = $3
                AND position >= (SELECT position FROM incident WHERE cap_id = $1 AND incident_id = $3)
            ORDER BY position LIMIT $4) members
        """;
}
