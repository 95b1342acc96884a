using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>What is in the spool; each read sees one state of it.</summary>
internal sealed partial class IncidentSpool
{
    private const string Columns = "number, queue, cap_id, incident_id, line, received_at";

    /// <summary>
    /// The oldest of a lane, as many as a request may hold. What a list of keys vouches for goes first, behind what its queue has from
    /// before; the room that is left is for the others.
    /// </summary>
    /// <param name="resting">Queues that are not sent now.</param>
    public IReadOnlyList<Waiting> Next(int lane, IReadOnlyCollection<string> resting, int maxLines, int maxBytes)
    {
        using var connection = file.Connect();
        var next = new List<Waiting>();
        var bytes = Read(connection, lane, resting, maxLines, maxBytes, next, rest =>
            $"""
            WITH first AS MATERIALIZED (
              SELECT number, queue FROM incident WHERE refused_at IS NULL AND vouched = 1 AND lane = $lane AND queue NOT IN ({rest})
              ORDER BY number LIMIT $limit)
            SELECT {Columns} FROM incident WHERE number IN (
              SELECT number FROM first
              UNION SELECT incident.number FROM (SELECT queue, max(number) AS last FROM first GROUP BY queue) AS vouched
                JOIN incident ON incident.queue = vouched.queue AND refused_at IS NULL AND incident.vouched = 0
                  AND incident.number < vouched.last)
            ORDER BY number LIMIT $limit
            """);
        if (next.Count < maxLines && bytes < maxBytes)
        {
            Read(connection, lane, resting, maxLines + next.Count, maxBytes - bytes, next, rest =>
                $"""
                SELECT {Columns} FROM incident WHERE refused_at IS NULL AND lane = $lane AND queue NOT IN ({rest})
                ORDER BY number LIMIT $limit
                """);
        }

        return next.Count <= maxLines ? next : next[..maxLines];
    }

    /// <summary>Adds what is not in the list yet, and at most so many bytes of it.</summary>
    /// <returns>Bytes that were added.</returns>
    private static int Read(
        SqliteConnection connection, int lane, IReadOnlyCollection<string> resting, int limit, int maxBytes, List<Waiting> next, Func<string, string> sql)
    {
        using var command = connection.CreateCommand();
        var names = resting.Select((queue, i) =>
        {
            command.Parameters.AddWithValue($"$r{i.ToString(CultureInfo.InvariantCulture)}", queue);
            return $"$r{i.ToString(CultureInfo.InvariantCulture)}";
        });
        command.CommandText = sql(string.Join(',', names));
        command.Parameters.AddWithValue("$lane", lane);
        command.Parameters.AddWithValue("$limit", limit);
        var held = next.Select(waiting => waiting.Number).ToHashSet();
        using var rows = command.ExecuteReader();
        var bytes = 0;
        while (bytes < maxBytes && rows.Read())
        {
            if (held.Add(rows.GetInt64(0)))
            {
                var line = (byte[])rows[4];
                next.Add(new Waiting(rows.GetInt64(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), line, Instant(rows, 5)));
                bytes += line.Length + 1;
            }
        }

        return bytes;
    }

    /// <param name="before">Numbers below this one; the newest first.</param>
    public IReadOnlyList<DeadLetter> Dead(long before, int limit)
    {
        using var connection = file.Connect();
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT number, cap_id, incident_id, line, received_at, refused_at, status, problem, vouched
            FROM incident WHERE refused_at IS NOT NULL AND number < $before ORDER BY number DESC LIMIT $limit
            """;
        command.Parameters.AddWithValue("$before", before);
        command.Parameters.AddWithValue("$limit", limit);
        using var rows = command.ExecuteReader();
        var dead = new List<DeadLetter>();
        while (rows.Read())
        {
            dead.Add(new DeadLetter(
                rows.GetInt64(0), rows.GetString(1), rows.GetString(2), JsonElement.Parse((byte[])rows[3]),
                Instant(rows, 4), Instant(rows, 5), rows.GetInt32(6), ProblemOf(rows.GetString(7)), rows.GetInt64(8) == 1));
        }

        return dead;
    }

    public SpoolCounts Count()
    {
        using var connection = file.Connect();
        var oldest = Scalar(connection, "SELECT coalesce((SELECT received_at FROM incident WHERE refused_at IS NULL ORDER BY number LIMIT 1), -1)");
        var taken = room.Taken;
        return new SpoolCounts(
            Scalar(connection, "SELECT count(*) FROM incident WHERE refused_at IS NULL"), taken.All, taken.Unvouched,
            oldest < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(oldest),
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
