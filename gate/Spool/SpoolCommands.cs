using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>What the spool does within one transaction of its writer.</summary>
internal sealed class SpoolCommands(SqliteConnection connection) : IDisposable
{
    private readonly SqliteCommand keep = Prepare(connection, "INSERT INTO waiting (lane, queue, cap_id, incident_id, content, line, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING");
    private readonly SqliteCommand leave = Prepare(connection, "DELETE FROM waiting WHERE number = $1 RETURNING length(line)");
    private readonly SqliteCommand bury = Prepare(connection, "INSERT INTO dead SELECT number, lane, queue, cap_id, incident_id, content, line, received_at, $2, $3, $4 FROM waiting WHERE number = $1");
    private readonly SqliteCommand revive = Prepare(connection, "INSERT INTO waiting (lane, queue, cap_id, incident_id, content, line, received_at) SELECT lane, queue, cap_id, incident_id, content, line, received_at FROM dead WHERE number = $1 ON CONFLICT DO NOTHING");
    private readonly SqliteCommand exhume = Prepare(connection, "DELETE FROM dead WHERE number = $1 RETURNING length(line)");
    private readonly SqliteCommand trim = Prepare(connection, "DELETE FROM dead WHERE number <= (SELECT number FROM dead ORDER BY number DESC LIMIT 1 OFFSET $1)");

    public ArrivalVerdict Keep(Arrival arrival, DateTimeOffset now) =>
        Run(keep, Lanes.Of(arrival.Queue), arrival.Queue, arrival.CapId, arrival.IncidentId, arrival.Content, arrival.Line, now.ToUnixTimeMilliseconds()) == 1
            ? ArrivalVerdict.Kept
            : ArrivalVerdict.KeptBefore;

    /// <returns>Bytes that became free; none when it had left already.</returns>
    public long Settle(Settlement settlement, DateTimeOffset now)
    {
        if (settlement.Problem is not null)
        {
            Run(bury, settlement.Number, now.ToUnixTimeMilliseconds(), settlement.Status, System.Text.Encoding.UTF8.GetString(settlement.Problem));
        }

        Bind(leave, settlement.Number);
        return leave.ExecuteScalar() is long bytes ? bytes : 0;
    }

    /// <returns>Bytes that wait again; null when there is no such letter.</returns>
    public long? Revive(long number)
    {
        var waits = Run(revive, number) == 1;
        Bind(exhume, number);
        return exhume.ExecuteScalar() is long bytes ? (waits ? bytes : 0) : null;
    }

    /// <summary>What is run from now on belongs to this transaction.</summary>
    public void Within(SqliteTransaction transaction)
    {
        foreach (var command in All)
        {
            command.Transaction = transaction;
        }
    }

    /// <returns>How many letters made room.</returns>
    public long Trim(int most) => Run(trim, most);

    public void Dispose()
    {
        foreach (var command in All)
        {
            command.Dispose();
        }
    }

    private SqliteCommand[] All => [keep, leave, bury, revive, exhume, trim];

    private static int Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Bind(command, values);
        return command.ExecuteNonQuery();
    }

    private static void Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; sql.Contains($"${i}", StringComparison.Ordinal); i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }

        return command;
    }
}
