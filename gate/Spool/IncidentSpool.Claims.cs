using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>Reads of wallet claims, in which addresses take turns.</summary>
internal sealed partial class IncidentSpool
{
    /// <summary>
    /// The indexes are named, because the planner would choose another and scan everything that waits at each step:
    /// 31 s were measured at 100,000 claims.
    /// </summary>
    private readonly ClaimTurns
        strangers = new("INDEXED BY waits_claimed_by_source", "INDEXED BY waits_claimed_by_queue", "partition = 4", "vouched = 0"),
        proven = new("INDEXED BY waits_proven_by_source", "INDEXED BY waits_proven_by_queue", "partition = 5", "vouched = 1");

    private static void TakeInTurns(
        SqliteConnection connection, ClaimTurns turns, Batch next, IReadOnlyCollection<string> queues, bool isOnly)
    {
        if (isOnly)
        {
            TakeOfEachQueue(connection, turns, next, queues);
        }
        else
        {
            turns.Last = TakeOfEachAddress(connection, turns, next, queues.ToHashSet(StringComparer.Ordinal));
        }
    }

    private static void TakeOfEachQueue(SqliteConnection connection, ClaimTurns turns, Batch next, IReadOnlyCollection<string> queues)
    {
        using var oldest = connection.CreateCommand();
        oldest.CommandText = turns.OfQueue;
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

    /// <summary>
    /// Takes one claim of each address, in a round: from the address after the last one to the end, then from the
    /// beginning up to the last one.
    /// </summary>
    /// <returns>The address that is now the last one.</returns>
    private static string TakeOfEachAddress(SqliteConnection connection, ClaimTurns turns, Batch next, HashSet<string> excluded)
    {
        using var addresses = connection.CreateCommand();
        using var lines = connection.CreateCommand();
        (addresses.CommandText, lines.CommandText) = (turns.NextAddress, turns.OfAddress);
        var (last, address, taken, isRound) = (turns.Last, turns.Last, turns.Last, false);
        while (!next.IsFull)
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

    /// <summary>
    /// The queries for the next address, for an address's claims and for the oldest claim of a queue, and where the
    /// last round ended.
    /// </summary>
    private sealed class ClaimTurns(string bySource, string byQueue, string partition, string kind)
    {
        public string NextAddress { get; } =
            $"SELECT min(source) FROM incident {bySource} WHERE refused_at IS NULL AND {kind} AND {partition} AND source > $address";

        public string OfAddress { get; } =
            $"""
            SELECT {Columns} FROM incident {bySource}
            WHERE refused_at IS NULL AND {kind} AND {partition} AND source = $address ORDER BY number
            """;

        public string OfQueue { get; } =
            $"""
            SELECT {Columns} FROM incident {byQueue}
            WHERE refused_at IS NULL AND {partition} AND queue = $queue ORDER BY number LIMIT 1
            """;

        /// <summary>The address whose claim was taken last.</summary>
        public string Last { get; set; } = "";
    }

    /// <summary>The lines of a request, and whether it is full.</summary>
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
}
