using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.AuditLog;

/// <summary>Questions about deliveries; each severity by itself, so that every part finds its index.</summary>
internal static class DeliveryQueries
{
    public const string Find = $"SELECT {DeliveryRows.Columns} FROM delivery WHERE log = $1 AND webhook = $2 AND idx = $3";

    public static readonly string NextDue = $"SELECT min(due) FROM ({string.Join(" UNION ALL ", Ranks.Select(rank =>
        $"SELECT min(due_at) AS due FROM delivery WHERE webhook = $2 AND log = $1 AND severity = {rank} AND state = 0"))}) parts";

    public static readonly string Due =
        $"""
        SELECT {DeliveryRows.Columns} FROM ({string.Join(" UNION ALL ", Ranks.Select(rank =>
            $"""
            SELECT * FROM (SELECT * FROM delivery WHERE webhook = $2 AND log = $1 AND severity = {rank} AND state = 0 AND due_at <= $3
                ORDER BY due_at LIMIT $4) part{rank}
            """))}) parts
        ORDER BY severity DESC, due_at LIMIT $4
        """;

    private static int[] Ranks => [0, 1, 2, 3];

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
