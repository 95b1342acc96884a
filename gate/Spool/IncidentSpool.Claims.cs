using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>Claims of wallets, which take turns.</summary>
internal sealed partial class IncidentSpool
{
    /// <summary>Of the lines of a request, those that proven addresses have at most, while strangers wait too.</summary>
    private const double ShareOfProven = 0.75;

    /// <summary>
    /// The indexes are named: the planner would take another, and look at everything that waits for each step (31 s were measured at
    /// 100,000 claims).
    /// </summary>
    private static readonly ClaimTurns
        Proven = new("FROM incident INDEXED BY waits_proven_by_source WHERE refused_at IS NULL AND vouched = 1 AND partition = 4"),
        Strangers = new("FROM incident INDEXED BY waits_claimed_by_source WHERE refused_at IS NULL AND vouched = 0 AND partition = 4");

    private const string OfQueue =
        $"""
        SELECT {Columns} FROM incident INDEXED BY waits_claimed_by_queue
        WHERE refused_at IS NULL AND partition = 4 AND queue = $queue ORDER BY number LIMIT 1
        """;

    private string lastProven = "", lastStranger = "";

    private void TakeInTurns(SqliteConnection connection, Batch next, IReadOnlyCollection<string> queues, bool isOnly)
    {
        if (isOnly)
        {
            TakeOfEachQueue(connection, next, queues);
            return;
        }

        var excluded = queues.ToHashSet(StringComparer.Ordinal);
        lastProven = TakeOfEachAddress(connection, Proven, lastProven, next, (int)(next.MaxLines * ShareOfProven), excluded);
        lastStranger = TakeOfEachAddress(connection, Strangers, lastStranger, next, next.MaxLines, excluded);
    }

    private static void TakeOfEachQueue(SqliteConnection connection, Batch next, IReadOnlyCollection<string> queues)
    {
        using var oldest = connection.CreateCommand();
        oldest.CommandText = OfQueue;
        foreach (var queue in queues)
        {
            oldest.Parameters.Clear();
            oldest.Parameters.AddWithValue("$queue", queue);
            using var rows = oldest.ExecuteReader();
            if (!next.IsFull && rows.Read())
            {
                next.Add(ReadWaiting(rows));
            }
        }
    }

    /// <summary>Goes round: from behind the address that was last to the end, and from the beginning up to it.</summary>
    /// <param name="most">Lines that the request may have then; one is taken in any case.</param>
    /// <returns>The address that is the last one now.</returns>
    private static string TakeOfEachAddress(
        SqliteConnection connection, ClaimTurns turns, string last, Batch next, int most, HashSet<string> excluded)
    {
        using var addresses = connection.CreateCommand();
        using var lines = connection.CreateCommand();
        (addresses.CommandText, lines.CommandText) = (turns.NextAddress, turns.OfAddress);
        var (address, taken, isRound) = (last, last, false);
        while (!next.IsFull && next.Lines.Count < Math.Max(1, most))
        {
            addresses.Parameters.Clear();
            addresses.Parameters.AddWithValue("$address", address);
            var found = addresses.ExecuteScalar() as string;
            if (isRound && (found is null || string.CompareOrdinal(found, last) > 0))
            {
                break;
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
                    taken = address;
                    break;
                }
            }
        }

        return taken;
    }

    /// <summary>The address behind another, and what it has.</summary>
    private sealed class ClaimTurns(string from)
    {
        public string NextAddress { get; } = $"SELECT min(source) {from} AND source > $address";

        public string OfAddress { get; } = $"SELECT {Columns} {from} AND source = $address ORDER BY number";
    }

    /// <summary>Lines of a request, and whether it holds more.</summary>
    private sealed class Batch(int maxLines, int maxBytes)
    {
        private int bytes;

        public int MaxLines => maxLines;

        public List<Waiting> Lines { get; } = [];

        public bool IsFull => Lines.Count >= maxLines || bytes >= maxBytes;

        public void Add(Waiting line)
        {
            Lines.Add(line);
            bytes += line.Line.Length + 1;
        }
    }
}
