using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>What the spool does within one transaction of its writer.</summary>
internal sealed class SpoolCommands(SqliteConnection connection) : IDisposable
{
    /// <summary>What the cluster refuses before it knows who may report, and what waited too long to be judged.</summary>
    private const string Unjudged = "403, 404, 504";

    private readonly SqliteCommand keep = Prepare(
        connection,
        """
        INSERT INTO incident (lane, queue, cap_id, incident_id, content, line, received_at, vouched) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT DO NOTHING
        """);
    private readonly SqliteCommand vouch = Prepare(
        connection,
        """
        UPDATE incident SET vouched = 1 WHERE cap_id = $1 AND incident_id = $2 AND content = $3 AND refused_at IS NULL AND vouched = 0
        RETURNING length(line), 0
        """);
    private readonly SqliteCommand leave = Prepare(
        connection, "DELETE FROM incident WHERE number = $1 AND refused_at IS NULL RETURNING length(line), vouched");
    private readonly SqliteCommand find = Prepare(
        connection, "SELECT length(line), vouched FROM incident WHERE number = $1 AND refused_at IS NULL");
    private readonly SqliteCommand bury = Prepare(
        connection,
        $"""
        UPDATE incident SET refused_at = $2, status = $3, problem = $4, vouched = vouched OR $3 NOT IN ({Unjudged})
        WHERE number = $1 AND refused_at IS NULL
        """);
    private readonly SqliteCommand revive = Prepare(
        connection,
        """
        UPDATE OR IGNORE incident SET refused_at = NULL, status = NULL, problem = NULL WHERE number = $1 AND refused_at IS NOT NULL
        RETURNING length(line), vouched
        """);
    private readonly SqliteCommand drop = Prepare(
        connection, "DELETE FROM incident WHERE number = $1 AND refused_at IS NOT NULL RETURNING 0, 1");
    private readonly SqliteCommand trim = Prepare(
        connection,
        """
        DELETE FROM incident WHERE refused_at IS NOT NULL AND vouched = $2
        AND number <= (SELECT number FROM incident WHERE refused_at IS NOT NULL AND vouched = $2 ORDER BY number DESC LIMIT 1 OFFSET $1)
        """);

    private SqliteCommand[] All => [keep, vouch, leave, find, bury, revive, drop, trim];

    /// <returns>With by how much the bytes change that were counted for the arrival.</returns>
    public (ArrivalVerdict Verdict, WaitingBytes Moved) Keep(Arrival arrival, DateTimeOffset now)
    {
        var kept = Run(
            keep, Lanes.Of(arrival.Queue), arrival.Queue, arrival.CapId, arrival.IncidentId, arrival.Content, arrival.Line,
            now.ToUnixTimeMilliseconds(), arrival.IsVouched ? 1 : 0);
        if (kept == 1)
        {
            return (ArrivalVerdict.Kept, default);
        }

        return arrival.IsVouched && Ask(vouch, arrival.CapId, arrival.IncidentId, arrival.Content) is { } vouched
            ? (ArrivalVerdict.Vouched, new WaitingBytes(0, -vouched.All))
            : (ArrivalVerdict.KeptBefore, default);
    }

    /// <returns>Bytes that wait no more; none when it had left already.</returns>
    public WaitingBytes Settle(Settlement settlement, DateTimeOffset now)
    {
        if (settlement.Problem is not { } problem)
        {
            return Ask(leave, settlement.Number) ?? default;
        }

        var freed = Ask(find, settlement.Number) ?? default;
        Run(bury, settlement.Number, now.ToUnixTimeMilliseconds(), settlement.Status, System.Text.Encoding.UTF8.GetString(problem));
        return freed;
    }

    /// <returns>Bytes that wait again, none when the same waits already; null when there is no such letter.</returns>
    public WaitingBytes? Revive(long number) => Ask(revive, number) ?? Ask(drop, number);

    /// <summary>What is run from now on belongs to this transaction.</summary>
    public void Within(SqliteTransaction transaction)
    {
        foreach (var command in All)
        {
            command.Transaction = transaction;
        }
    }

    /// <returns>How many letters of the kind made room for newer ones of it.</returns>
    public long Trim(bool isVouched, int most) => Run(trim, most, isVouched ? 1 : 0);

    public void Dispose()
    {
        foreach (var command in All)
        {
            command.Dispose();
        }
    }

    /// <returns>From a row of length and whether somebody vouches for it.</returns>
    private static WaitingBytes? Ask(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Bind(command, values);
        using var rows = command.ExecuteReader();
        return rows.Read() ? new WaitingBytes(rows.GetInt64(0), rows.GetInt64(1) == 0 ? rows.GetInt64(0) : 0) : null;
    }

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
