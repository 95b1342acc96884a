using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>What is in the spool; each read sees one state of it.</summary>
internal sealed partial class IncidentSpool
{
    /// <summary>The oldest of a lane, as many as a request may hold.</summary>
    /// <param name="resting">Queues that are not sent now.</param>
    public IReadOnlyList<Waiting> Next(int lane, IReadOnlyCollection<string> resting, int maxLines, int maxBytes)
    {
        using var connection = file.Connect();
        using var command = connection.CreateCommand();
        var names = resting.Select((queue, i) =>
        {
            command.Parameters.AddWithValue($"$r{i.ToString(CultureInfo.InvariantCulture)}", queue);
            return $"$r{i.ToString(CultureInfo.InvariantCulture)}";
        });
        command.CommandText = $"SELECT number, queue, cap_id, incident_id, line, received_at FROM incident WHERE refused_at IS NULL AND lane = $lane AND queue NOT IN ({string.Join(',', names)}) ORDER BY number LIMIT $limit";
        command.Parameters.AddWithValue("$lane", lane);
        command.Parameters.AddWithValue("$limit", maxLines);
        using var rows = command.ExecuteReader();
        var next = new List<Waiting>();
        for (var bytes = 0; bytes < maxBytes && rows.Read(); bytes += next[^1].Line.Length + 1)
        {
            next.Add(new Waiting(rows.GetInt64(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), (byte[])rows[4], Instant(rows, 5)));
        }

        return next;
    }

    /// <param name="before">Numbers below this one; the newest first.</param>
    public IReadOnlyList<DeadLetter> Dead(long before, int limit)
    {
        using var connection = file.Connect();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT number, cap_id, incident_id, line, received_at, refused_at, status, problem FROM incident WHERE refused_at IS NOT NULL AND number < $before ORDER BY number DESC LIMIT $limit";
        command.Parameters.AddWithValue("$before", before);
        command.Parameters.AddWithValue("$limit", limit);
        using var rows = command.ExecuteReader();
        var dead = new List<DeadLetter>();
        while (rows.Read())
        {
            dead.Add(new DeadLetter(
                rows.GetInt64(0), rows.GetString(1), rows.GetString(2), JsonElement.Parse((byte[])rows[3]),
                Instant(rows, 4), Instant(rows, 5), rows.GetInt32(6), ProblemOf(rows.GetString(7))));
        }

        return dead;
    }

    public SpoolCounts Count()
    {
        using var connection = file.Connect();
        var oldest = Scalar(connection, "SELECT coalesce((SELECT received_at FROM incident WHERE refused_at IS NULL ORDER BY number LIMIT 1), -1)");
        return new SpoolCounts(
            Scalar(connection, "SELECT count(*) FROM incident WHERE refused_at IS NULL"), Interlocked.Read(ref bytes), oldest < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(oldest),
            Scalar(connection, "SELECT count(*) FROM incident WHERE refused_at IS NOT NULL"), Interlocked.Read(ref droppedDead), Interlocked.Read(ref full));
    }

    /// <summary>Whatever a cluster said when it refused a request whole: JSON, or text.</summary>
    private static JsonElement ProblemOf(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text, GateStatusJson.Default.String);
        }
    }

    private static DateTimeOffset Instant(SqliteDataReader row, int column) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
