using System.Threading.Channels;
using Npgsql;

namespace CapOrleans.Bench.Limits;

/// <param name="Bytes">As long as an entry of the log.</param>
internal sealed record BareRow(string CapId, string IncidentId, byte[] Bytes);

/// <summary>
/// The rows of an accepted incident (an entry and its row in the read model) with the same indexes, committed in groups
/// by a plain loop: whatever is queued goes into one transaction. Nothing is checked, hashed or counted.
/// </summary>
internal sealed class BareRows(NpgsqlDataSource source)
{
    /// <summary>Size of a log entry for the incident that the load generator sends.</summary>
    public const int EntryBytes = 1200;

    private static readonly byte[] Hash = new byte[32];

    private readonly Channel<(BareRow Row, TaskCompletionSource Done)> queue =
        Channel.CreateUnbounded<(BareRow, TaskCompletionSource)>(new UnboundedChannelOptions { SingleReader = true });

    private long size;

    public static async Task<BareRows> MakeAsync(NpgsqlDataSource source)
    {
        await using var make = source.CreateCommand(
            """
            CREATE TABLE bare_entry (log integer, idx bigint, kind text COLLATE "C", bytes bytea, PRIMARY KEY (log, idx));
            CREATE TABLE bare_incident (
                position bigint PRIMARY KEY, cap_id text COLLATE "C", incident_id text COLLATE "C", audit_hash bytea, severity smallint, accepted_at bigint);
            CREATE UNIQUE INDEX ON bare_incident (cap_id, incident_id);
            CREATE INDEX ON bare_incident (cap_id, position);
            """);
        await make.ExecuteNonQueryAsync();
        var rows = new BareRows(source);
        _ = Task.Run(rows.RunAsync);
        return rows;
    }

    public Task AppendAsync(BareRow row)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Writer.TryWrite((row, done));
        return done.Task;
    }

    /// <summary>Commits one transaction in one round trip.</summary>
    public async Task CommitAsync(IReadOnlyList<BareRow> rows)
    {
        var positions = rows.Select((_, i) => size + i).ToArray();
        await using var connection = await source.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        Add(batch,
            "INSERT INTO bare_entry SELECT 0, idx, 'incident.accepted', bytes FROM unnest($1::bigint[], $2::bytea[]) AS e (idx, bytes)",
            positions, rows.Select(row => row.Bytes).ToArray());
        Add(batch,
            "INSERT INTO bare_incident SELECT position, cap_id, incident_id, $4, 0, 0 FROM unnest($1::bigint[], $2::text[], $3::text[]) AS i (position, cap_id, incident_id)",
            positions, rows.Select(row => row.CapId).ToArray(), rows.Select(row => row.IncidentId).ToArray(), Hash);
        await batch.ExecuteNonQueryAsync();
        size += rows.Count;
    }

    private static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        Array.ForEach(values, value => command.Parameters.Add(new NpgsqlParameter { Value = value }));
        batch.BatchCommands.Add(command);
    }

    private async Task RunAsync()
    {
        var waiting = new List<(BareRow Row, TaskCompletionSource Done)>();
        while (await queue.Reader.WaitToReadAsync())
        {
            waiting.Clear();
            while (waiting.Count < 1024 && queue.Reader.TryRead(out var item))
            {
                waiting.Add(item);
            }

            await CommitAsync(waiting.ConvertAll(item => item.Row));
            waiting.ForEach(item => item.Done.SetResult());
        }
    }
}
