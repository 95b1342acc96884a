using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>What is in the spool; each read sees one state of it.</summary>
internal sealed partial class IncidentSpool
{
    private const string Columns = "number, queue, cap_id, incident_id, line, received_at, source";

    /// <summary>
    /// Of strangers' claims, the address behind another, and what it has. The index is named: the planner would take another, and look at
    /// everything that waits for each step (31 s were measured at 100,000 claims).
    /// </summary>
    private const string
        NextAddress = $"SELECT min(source) {OfStrangers} AND source > $address",
        OfAddress = $"SELECT {Columns} {OfStrangers} AND source = $address ORDER BY number",
        OfStrangers = "FROM incident INDEXED BY waits_claimed_by_source WHERE refused_at IS NULL AND vouched = 0 AND partition = 4";

    /// <summary>Of strangers' claims, whose was sent last.</summary>
    private string lastAddress = "";

    /// <summary>
    /// The oldest of a partition, as many as a request may hold. What a list of keys vouches for goes first; the room that is left is for the others,
    /// of the same CapID too: whoever writes its name into junk must not hold it up. Of strangers' claims of wallets one from each address
    /// goes first, and the addresses take turns from request to request.
    /// </summary>
    /// <param name="queues">Those that are left out; with <paramref name="isOnly"/>, those that are taken.</param>
    public IReadOnlyList<Waiting> Next(int partition, IReadOnlyCollection<string> queues, int maxLines, int maxBytes, bool isOnly = false)
    {
        using var connection = file.Connect();
        var next = new Batch(maxLines, maxBytes);
        var excluded = JsonSerializer.Serialize(queues, SpoolJson.Default.IReadOnlyCollectionString);
        TakeOldest(isVouched: true);
        if (partition == Partitions.Claims && !isOnly && !next.IsFull)
        {
            TakeOfEachAddress(connection, next, queues.ToHashSet(StringComparer.Ordinal));
        }

        if (!next.IsFull)
        {
            TakeOldest(isVouched: false);
        }

        return next.Lines;

        void TakeOldest(bool isVouched)
        {
            using var command = connection.CreateCommand();
            command.CommandText = OldestOf(isOnly, isVouched);
            command.Parameters.AddWithValue("$queues", excluded);
            var taken = next.Lines.ConvertAll(line => line.Number);
            command.Parameters.AddWithValue("$taken", JsonSerializer.Serialize(taken, SpoolJson.Default.ListInt64));
            command.Parameters.AddWithValue("$partition", partition);
            command.Parameters.AddWithValue("$limit", maxLines - next.Lines.Count);
            using var rows = command.ExecuteReader();
            while (!next.IsFull && rows.Read())
            {
                next.Add(ReadWaiting(rows));
            }
        }
    }

    /// <summary>Goes round: from behind the address that was last to the end, and from the beginning up to it.</summary>
    private void TakeOfEachAddress(SqliteConnection connection, Batch next, HashSet<string> excluded)
    {
        using var addresses = connection.CreateCommand();
        using var lines = connection.CreateCommand();
        (addresses.CommandText, lines.CommandText) = (NextAddress, OfAddress);
        var (from, address, isRound) = (lastAddress, lastAddress, false);
        while (!next.IsFull)
        {
            addresses.Parameters.Clear();
            addresses.Parameters.AddWithValue("$address", address);
            var found = addresses.ExecuteScalar() as string;
            if ((found is null && isRound) || (isRound && string.CompareOrdinal(found, from) > 0))
            {
                return;
            }

            (address, isRound) = (found ?? "", isRound || found is null);
            lines.Parameters.Clear();
            lines.Parameters.AddWithValue("$address", address);
            using var rows = lines.ExecuteReader();
            while (rows.Read())
            {
                if (!excluded.Contains(rows.GetString(1)))
                {
                    next.Add(ReadWaiting(rows));
                    lastAddress = address;
                    break;
                }
            }
        }
    }

    private static Waiting ReadWaiting(SqliteDataReader rows) => new(
        rows.GetInt64(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), (byte[])rows[4], Instant(rows, 5), rows.GetString(6));

    /// <summary>Lines of a request, and whether it holds more.</summary>
    private sealed class Batch(int maxLines, int maxBytes)
    {
        private int bytes;

        public List<Waiting> Lines { get; } = [];

        public bool IsFull => Lines.Count >= maxLines || bytes >= maxBytes;

        public void Add(Waiting line)
        {
            Lines.Add(line);
            bytes += line.Line.Length + 1;
        }
    }

    /// <summary>The flag stands in the text, not in a parameter: only so the index of either kind is used.</summary>
    private static string OldestOf(bool isOnly, bool isVouched) =>
        $"""
        SELECT {Columns} FROM incident WHERE refused_at IS NULL AND vouched = {(isVouched ? 1 : 0)} AND partition = $partition
          AND queue {(isOnly ? "" : "NOT ")}IN (SELECT value FROM json_each($queues))
          AND number NOT IN (SELECT value FROM json_each($taken))
        ORDER BY number LIMIT $limit
        """;

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
        command.CommandText =
            """
            SELECT CASE WHEN vouched THEN cap_id ELSE source END, sum(length(line)), vouched FROM incident
            WHERE refused_at IS NULL GROUP BY 1, vouched
            """;
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
            return JsonSerializer.SerializeToElement(text, SpoolJson.Default.String);
        }
    }

    private static DateTimeOffset Instant(SqliteDataReader row, int column) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
