using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Heartbeats;

namespace CapOrleans.AuditLog;

/// <summary>Maps heartbeats to rows of the database, with the queries on them.</summary>
internal static class HeartbeatRows
{
    public const string Put =
        """
        INSERT INTO heartbeat (log, cap_id, name, due_at, content) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (cap_id, name) DO UPDATE SET due_at = excluded.due_at, content = excluded.content
        """;

    public const string Drop = "DELETE FROM heartbeat WHERE cap_id = $1 AND name = $2";

    public const string Find = "SELECT content FROM heartbeat WHERE cap_id = $1 AND name = $2";

    public const string OfCap = "SELECT content FROM heartbeat WHERE cap_id = $1 ORDER BY name";

    public const string Missed = "SELECT content FROM heartbeat WHERE log = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3";

    public static object[] Values(int log, HeartbeatRow row) =>
    [
        log, row.CapId, row.Last.Name, (object?)row.DueAt?.ToUnixTimeMilliseconds() ?? DBNull.Value,
        JsonSerializer.Serialize(row, HeartbeatJson.Default.HeartbeatRow),
    ];

    public static HeartbeatRow Read(DbDataReader row) => JsonSerializer.Deserialize(row.GetString(0), HeartbeatJson.Default.HeartbeatRow)!;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HeartbeatRow))]
internal sealed partial class HeartbeatJson : JsonSerializerContext;
