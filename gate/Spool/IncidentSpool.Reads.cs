using System.Text;
using System.Text.Json;
using CapOrleans.Contracts;
using CapOrleans.Contracts.Gates;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>Reads of the spool; each sees one consistent state.</summary>
internal sealed partial class IncidentSpool
{
    private const string Columns = "number, queue, cap_id, incident_id, line, received_at, source, any_severity";

    /// <summary>
    /// Returns the oldest incidents of a partition, as many as fit into one request. Vouched-for ones go first, and
    /// among these the critical ones, in up to three quarters of the lines; what is left is for the others, even those
    /// of the same CapID: junk that is sent under a CapID's name must not hold it up. Of wallet claims, one of each
    /// address goes first (of retries, one of each queue), and the addresses take turns from request to request:
    /// however many one address sends, the others wait for one claim of it.
    /// </summary>
    /// <param name="queues">Queues to leave out; with <paramref name="isOnly"/>, the only ones to take from.</param>
    public IReadOnlyList<Waiting> Next(int partition, IReadOnlyCollection<string> queues, int maxLines, int maxBytes, bool isOnly = false)
    {
        using var connection = file.Connect();
        var next = new Batch(maxLines, maxBytes);
        if (partition is Partitions.Claims or Partitions.Proven)
        {
            TakeInTurns(connection, partition == Partitions.Proven ? proven : strangers, next, queues, isOnly);
        }

        var excluded = JsonSerializer.Serialize(queues, SpoolJson.Default.IReadOnlyCollectionString);
        var urgent = Math.Max(1, maxLines * 3 / 4);
        if (partition < Partitions.Claims)
        {
            TakeOldest("vouched = 1 AND critical = 1", urgent);
        }

        TakeOldest("vouched = 1", maxLines);
        TakeOldest("vouched = 0", maxLines);
        return next.Lines;

        void TakeOldest(string kind, int most)
        {
            if (next.IsFull)
            {
                return;
            }

            using var command = connection.CreateCommand();
            command.CommandText = OldestOf(isOnly, kind);
            command.Parameters.AddWithValue("$queues", excluded);
            var taken = next.Lines.ConvertAll(line => line.Number);
            command.Parameters.AddWithValue("$taken", JsonSerializer.Serialize(taken, SpoolJson.Default.ListInt64));
            command.Parameters.AddWithValue("$partition", partition);
            command.Parameters.AddWithValue("$limit", most - next.Lines.Count);
            using var rows = command.ExecuteReader();
            while (!next.IsFull && rows.Read())
            {
                next.Add(ReadWaiting(rows));
            }
        }
    }

    /// <summary>
    /// Returns the queues of incidents that stepped aside, at most 10,000, see <see cref="Waiting.QueueAside"/>.
    /// </summary>
    public IReadOnlyList<string> QueuesAside(int partition)
    {
        using var connection = file.Connect();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT queue FROM incident WHERE refused_at IS NULL AND partition = $partition AND instr(queue, '#') " +
            "> 0 LIMIT 10000";
        command.Parameters.AddWithValue("$partition", partition);
        using var rows = command.ExecuteReader();
        var queues = new List<string>();
        while (rows.Read())
        {
            queues.Add(rows.GetString(0));
        }

        return queues;
    }

    private static Waiting ReadWaiting(SqliteDataReader rows) => new(
        rows.GetInt64(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), (byte[])rows[4], Instant(rows, 5), rows.GetString(6))
    {
        TakesAnySeverity = rows.GetInt64(7) != 0,
    };

    /// <param name="kind">
    /// A condition. It is part of the text, not a parameter: only then is the index of its kind used.
    /// </param>
    private static string OldestOf(bool isOnly, string kind) =>
        $"""
        SELECT {Columns} FROM incident WHERE refused_at IS NULL AND {kind} AND partition = $partition
          AND queue {(isOnly ? "" : "NOT ")}IN (SELECT value FROM json_each($queues))
          AND number NOT IN (SELECT value FROM json_each($taken))
        ORDER BY number LIMIT $limit
        """;

    /// <param name="before">Only numbers below this one, newest first.</param>
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
                Instant(rows, 4), Instant(rows, 5), rows.GetInt32(6), ProblemOf(rows.GetString(7)),
                rows.GetInt64(8) == 1,
                DeadLetterAdvice.Of(ProblemTypes.NameIn(Encoding.UTF8.GetBytes(rows.GetString(7))))));
        }

        return dead;
    }

    public SpoolCounts Count()
    {
        using var connection = file.Connect();
        var oldest = Scalar(connection, "SELECT coalesce((SELECT received_at FROM incident WHERE refused_at IS NULL ORDER BY number LIMIT 1), -1)");
        var taken = quota.Used;
        return new SpoolCounts(
            Scalar(connection, "SELECT count(*) FROM incident WHERE refused_at IS NULL"), taken.All, taken.Unvouched,
            oldest < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(oldest),
            Scalar(connection, "SELECT count(*) FROM incident WHERE refused_at IS NOT NULL"), Interlocked.Read(ref droppedDead), Interlocked.Read(ref refusedFull));
    }

    private static List<WaitingBytes> ReadQuota(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT CASE WHEN vouched THEN cap_id ELSE source END, sum(length(line)), vouched FROM incident
            WHERE refused_at IS NULL GROUP BY 1, vouched
            """;
        using var rows = command.ExecuteReader();
        var quota = new List<WaitingBytes>();
        while (rows.Read())
        {
            quota.Add(new WaitingBytes(rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2) != 0));
        }

        return quota;
    }

    /// <summary>
    /// Reads a stored problem. A cluster that refused a whole request may have answered with JSON or with text.
    /// </summary>
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
