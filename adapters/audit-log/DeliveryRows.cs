using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.AuditLog;

/// <summary>Maps deliveries to rows of the database.</summary>
internal static class DeliveryRows
{
    public const string Columns = "webhook, log, idx, cap_id, incident_id, severity, state, due_at, changed_at, tries, attempts";

    public const string Put =
        $"""
        INSERT INTO delivery ({Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (webhook, log, idx) DO UPDATE SET
            state = excluded.state, due_at = excluded.due_at, changed_at = excluded.changed_at, tries = excluded.tries,
            attempts = excluded.attempts
        """;

    public const string Drop = "DELETE FROM delivery WHERE webhook = $1 AND log = $2";

    /// <summary>Deletes old settled deliveries, at most 1000 per commit; their outcome remains in the log.</summary>
    public const string Trim =
        """
        DELETE FROM delivery WHERE webhook = $1 AND log = $2 AND idx IN (
            SELECT idx FROM delivery WHERE webhook = $1 AND log = $2 AND state = $3 AND state > 0 AND changed_at < $4
            ORDER BY changed_at LIMIT 1000)
        """;

    public static readonly TimeSpan Retention = TimeSpan.FromDays(30);

    public static object[] Values(DeliveryRow row) =>
    [
        row.Webhook, row.Log, row.Index, row.CapId, row.IncidentId, (short)row.SeverityRank, (short)row.State,
        row.DueAt is { } due ? due.ToUnixTimeMilliseconds() : DBNull.Value, row.ChangedAt.ToUnixTimeMilliseconds(), row.Tries,
        JsonSerializer.Serialize(row.Attempts, DeliveryJson.Default.IReadOnlyListDeliveryAttempt),
    ];

    public static DeliveryRow Read(DbDataReader row) => new(
        row.GetString(0), row.GetInt32(1), row.GetInt64(2), row.GetString(3), row.GetString(4), row.GetInt16(5),
        (DeliveryState)row.GetInt16(6), row.IsDBNull(7) ? null : At(row.GetInt64(7)), At(row.GetInt64(8)),
        JsonSerializer.Deserialize(row.GetString(10), DeliveryJson.Default.IReadOnlyListDeliveryAttempt)!, row.GetInt32(9));

    /// <returns>
    /// For each webhook and state that a commit settles deliveries in: Unix milliseconds before which rows are trimmed.
    /// </returns>
    public static IEnumerable<(string Webhook, short State, long Before)> TrimBounds(IEnumerable<DeliveryRow> rows) =>
        rows.Where(row => row.State != DeliveryState.Waiting).GroupBy(row => (row.Webhook, row.State))
            .Select(group => (group.Key.Webhook, State: (short)group.Key.State,
                Before: (group.Max(row => row.ChangedAt) - Retention).ToUnixTimeMilliseconds()))
            .OrderBy(trim => trim.Webhook, StringComparer.Ordinal).ThenBy(trim => trim.State);

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<DeliveryAttempt>))]
internal sealed partial class DeliveryJson : JsonSerializerContext;
