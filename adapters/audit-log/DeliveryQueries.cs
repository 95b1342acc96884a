using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.AuditLog;

/// <summary>Queries on deliveries. Each severity is queried separately, so that each part can use an index.</summary>
internal static class DeliveryQueries
{
    public const string Find = $"SELECT {DeliveryRows.Columns} FROM delivery WHERE log = $1 AND webhook = $2 AND idx = $3";

    public const string CountWaiting =
        "SELECT count(*) FROM (SELECT 1 FROM delivery WHERE webhook = $2 AND log = $1 AND state = 0 LIMIT $3) waiting";

    public static readonly string NextDue = $"SELECT min(due) FROM ({string.Join(" UNION ALL ", SeverityRanks.Select(rank =>
        $"SELECT min(due_at) AS due FROM delivery WHERE webhook = $2 AND log = $1 AND severity = {rank} AND state = 0"))}) parts";

    public static readonly string Due =
        $"""
        SELECT {DeliveryRows.Columns} FROM ({string.Join(" UNION ALL ", SeverityRanks.Select(rank =>
            $"""
            SELECT * FROM (SELECT * FROM delivery WHERE webhook = $2 AND log = $1 AND severity = {rank} AND state = 0 AND due_at <= $3
                ORDER BY due_at LIMIT $4) part{rank}
            """))}) parts
        ORDER BY severity DESC, due_at LIMIT $4
        """;

    /// <summary>
    /// Steps from CapID to CapID by index lookups, so that a CapID's backlog is never scanned, however long it is.
    /// </summary>
    public static readonly string NextByCap =
        $"""
        WITH RECURSIVE turn(number, cap_id) AS (
            SELECT 1, min(cap_id) FROM delivery WHERE {Waiting} AND cap_id > $4
            UNION ALL
            SELECT number + 1, (SELECT min(cap_id) FROM delivery WHERE {Waiting} AND cap_id > turn.cap_id)
            FROM turn WHERE turn.cap_id IS NOT NULL AND number < {IDeliveryReader.MaxCaps}
        )
        SELECT cap_id, (
            SELECT idx FROM delivery
            WHERE {Waiting} AND cap_id = turn.cap_id AND due_at <= $5 AND idx NOT IN ({Except})
            ORDER BY due_at LIMIT 1)
        FROM turn WHERE cap_id IS NOT NULL ORDER BY number
        """;

    public const string CountOfCap = $"SELECT count(*) FROM (SELECT 1 FROM delivery WHERE {Waiting} AND cap_id = $4 LIMIT $5) waiting";

    private const string Waiting = "webhook = $2 AND log = $1 AND severity = $3 AND state = 0";

    private static string Except => string.Join(", ", Enumerable.Range(6, IDeliveryReader.MaxExcept).Select(at => $"${at}"));

    private static int[] SeverityRanks => [0, 1, 2, 3];

    public static string OfEntries(int entries) =>
        $"SELECT {DeliveryRows.Columns} FROM delivery WHERE log = $1 AND webhook = $2 AND idx IN ({string.Join(", ",
            Enumerable.Range(3, entries).Select(at => $"${at}"))})";

    public static (string Sql, object[] Values) List(DeliveryQuery query)
    {
        List<object> values = [query.Webhook, query.Limit + 1];
        var conditions = "webhook = $1";
        if (query.State is { } state)
        {
            values.Add((short)state);
            conditions += $" AND state = ${values.Count}";
        }

        if (query.Before is { } before)
        {
            values.AddRange([before.ChangedAtMilliseconds, before.Log, before.Index]);
            conditions += $" AND (changed_at, log, idx) < (${values.Count - 2}, ${values.Count - 1}, ${values.Count})";
        }

        return ($"SELECT {DeliveryRows.Columns} FROM delivery WHERE {conditions} ORDER BY changed_at DESC, log DESC, idx DESC LIMIT $2",
            [.. values]);
    }
}
