using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>What the spool does within one transaction of its writer.</summary>
internal sealed class SpoolCommands(SqliteConnection connection) : IDisposable
{
    private readonly SqliteCommand keep = Prepare(connection, "INSERT INTO incident (lane, queue, cap_id, incident_id, content, line, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING");
    private readonly SqliteCommand leave = Prepare(connection, "DELETE FROM incident WHERE number = $1 AND refused_at IS NULL RETURNING length(line)");
    private readonly SqliteCommand bury = Prepare(connection, "UPDATE incident SET refused_at = $2, status = $3, problem = $4 WHERE number = $1 AND refused_at IS NULL RETURNING length(line)");
    private readonly SqliteCommand revive = Prepare(connection, "UPDATE OR IGNORE incident SET refused_at = NULL, status = NULL, problem = NULL WHERE number = $1 AND refused_at IS NOT NULL RETURNING length(line)");
    private readonly SqliteCommand drop = Prepare(connection, "DELETE FROM incident WHERE number = $1 AND refused_at IS NOT NULL RETURNING 0");
    private readonly SqliteCommand trim = Prepare(connection, "DELETE FROM incident WHERE refused_at IS NOT NULL AND number <= (SELECT number FROM incident WHERE refused_at IS NOT NULL ORDER BY number DESC LIMIT 1 OFFSET $1)");

    private SqliteCommand[] All => [keep, leave, bury, revive, drop, trim];

    public ArrivalVerdict Keep(Arrival arrival, DateTimeOffset now) =>
        Run(keep, Lanes.Of(arrival.Queue), arrival.Queue, arrival.CapId, arrival.IncidentId, arrival.Content, arrival.Line, now.ToUnixTimeMilliseconds()) == 1
            ? ArrivalVerdict.Kept
            : ArrivalVerdict.KeptBefore;

    /// <returns>Bytes that wait no more; none when it had left already.</returns>
    public long Settle(Settlement settlement, DateTimeOffset now) => (settlement.Problem is { } problem
        ? Ask(bury, settlement.Number, now.ToUnixTimeMilliseconds(), settlement.Status, System.Text.Encoding.UTF8.GetString(problem))
        : Ask(leave, settlement.Number)) ?? 0;

    /// <returns>Bytes that wait again, none when the same waits already; null when there is no such letter.</returns>
    public long? Revive(long number) => Ask(revive, number) ?? Ask(drop, number);

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

    private static long? Ask(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Bind(command, values);
        return command.ExecuteScalar() as long?;
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
