using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>What is in the spool; each read sees one state of it.</summary>
internal sealed partial class IncidentSpool
{
    private const string Columns = "number, queue, cap_id, incident_id, line, received_at";

    /// <summary>
    /// The oldest of a partition, as many as a request may hold. What a list of keys vouches for goes first; the room that is left is for the others,
    /// of the same CapID too: whoever writes its name into junk must not hold it up. Where wallets must be asked, CapIDs take turns, since those
    /// that do not answer are few CapIDs'; and of one CapID the addresses with the fewest go first, since strangers can name any.
    /// </summary>
    /// <param name="queues">Those that are left out; with <paramref name="isOnly"/>, those that are taken.</param>
    public IReadOnlyList<Waiting> Next(int partition, IReadOnlyCollection<string> queues, int maxLines, int maxBytes, bool isOnly = false)
    {
        using var connection = file.Connect();
        var next = new List<Waiting>();
        var bytes = 0;
        for (var vouched = 1; vouched >= 0 && next.Count < maxLines && bytes < maxBytes; vouched--)
        {
            bytes += Read(connection, partition, $"{(isOnly ? "" : "NOT ")}IN", queues, vouched, maxLines - next.Count, maxBytes - bytes, next);
        }

        return next;
    }

    /// <summary>Adds the oldest to the list, and at most so many bytes of it.</summary>
    /// <returns>Bytes that were added.</returns>
    private static int Read(
        SqliteConnection connection, int partition, string operation, IReadOnlyCollection<string> queues, int vouched, int limit, int maxBytes,
        List<Waiting> next)
    {
        using var command = connection.CreateCommand();
        // The flag stands in the text, not in a parameter: only so the index of either kind is used.
        var waits =
            $"""
            FROM incident WHERE refused_at IS NULL AND vouched = {vouched.ToString(CultureInfo.InvariantCulture)} AND partition = $partition
              AND queue {operation} (SELECT value FROM json_each($queues))
            """;
        command.CommandText = partition == Partitions.Claims
            ? $"""
                SELECT {Columns} FROM incident JOIN (
                  SELECT number AS chosen, row_number() OVER (PARTITION BY cap_id ORDER BY beside, number) AS turn
                  FROM (SELECT number, cap_id, count(*) OVER (PARTITION BY cap_id, source) AS beside {waits})
                  ORDER BY turn, number LIMIT $limit
                ) ON number = chosen ORDER BY turn, number
                """
            : $"SELECT {Columns} {waits} ORDER BY number LIMIT $limit";
        command.Parameters.AddWithValue("$queues", JsonSerializer.Serialize(queues, GateStatusJson.Default.IReadOnlyCollectionString));
        command.Parameters.AddWithValue("$partition", partition);
        command.Parameters.AddWithValue("$limit", limit);
        using var rows = command.ExecuteReader();
        var bytes = 0;
        while (bytes < maxBytes && rows.Read())
        {
            var line = (byte[])rows[4];
            next.Add(new Waiting(rows.GetInt64(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), line, Instant(rows, 5)));
            bytes += line.Length + 1;
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

    private static List<WaitingBytes> ReadRoom(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT cap_id, sum(length(line)), vouched FROM incident WHERE refused_at IS NULL GROUP BY cap_id, vouched";
        using var rows = command.ExecuteReader();
        var room = new List<WaitingBytes>();
        while (rows.Read())
        {
            room.Add(new WaitingBytes(rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2) != 0));
        }

        return room;
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
