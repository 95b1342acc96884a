using System.Text;
using CapOrleans.Contracts;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>What the spool does within one transaction of its writer.</summary>
internal sealed class SpoolCommands(SqliteConnection connection) : IDisposable
{
    /// <summary>What the cluster says only of what a registered key signed. Everything else it says of strangers, too.</summary>
    private static readonly string[] AfterTheKey = ["timestamp-out-of-bounds", "full-signature-required"];

    /// <summary>Other content was accepted. Whoever captured an incident can alter it at will: this vouches for nothing.</summary>
    private const int Conflict = 409;

    /// <summary>Whose share of the room it takes, see <see cref="WaitingBytes"/>.</summary>
    private const string Owner = "CASE WHEN vouched THEN cap_id ELSE source END";

    private readonly SqliteCommand keep = Prepare(
        connection,
        """
        INSERT INTO incident (partition, queue, cap_id, incident_id, content, says, line, received_at, vouched, source)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING
        """);
    private readonly SqliteCommand crowd = Prepare(
        connection,
        $"""
        SELECT count(*), 1, '' FROM (
          SELECT 1 FROM incident INDEXED BY waits_claimed_by_source
          WHERE source = $1 AND refused_at IS NULL AND vouched = 0 AND partition = {Partitions.Claims} LIMIT $2)
        """);
    private readonly SqliteCommand same = Prepare(
        connection,
        """
        SELECT length(line), vouched, '' FROM incident
        WHERE cap_id = $1 AND incident_id = $2 AND content = $3 AND refused_at IS NULL AND says = $4
        """);
    private readonly SqliteCommand vouch = Prepare(
        connection,
        """
        UPDATE incident SET vouched = 1, partition = CASE partition WHEN 4 THEN 5 ELSE partition END
        WHERE cap_id = $1 AND incident_id = $2 AND content = $3 AND refused_at IS NULL AND vouched = 0
        RETURNING length(line), 0, source
        """);
    private readonly SqliteCommand leave = Prepare(
        connection, $"DELETE FROM incident WHERE number = $1 AND refused_at IS NULL RETURNING length(line), vouched, {Owner}");
    private readonly SqliteCommand find = Prepare(
        connection, $"SELECT length(line), vouched, {Owner} FROM incident WHERE number = $1 AND refused_at IS NULL");
    private readonly SqliteCommand bury = Prepare(
        connection,
        $"""
        UPDATE incident SET refused_at = $2, status = $3, problem = $4,
          vouched = $3 <> {Conflict} AND (vouched OR $5)
        WHERE number = $1 AND refused_at IS NULL
        """);
    private readonly SqliteCommand merge = Prepare(
        connection,
        $"""
        DELETE FROM incident WHERE number IN (
          SELECT other.number FROM incident AS letter JOIN incident AS other ON other.refused_at IS NOT NULL
            AND other.cap_id = letter.cap_id AND other.incident_id = letter.incident_id AND other.content = letter.content
          WHERE letter.number = $1
          ORDER BY other.number LIMIT -1 OFFSET {SpoolLimits.MaxLettersEach})
        """);
    private readonly SqliteCommand revive = Prepare(
        connection,
        $"""
        UPDATE OR IGNORE incident SET refused_at = NULL, status = NULL, problem = NULL WHERE number = $1 AND refused_at IS NOT NULL
        RETURNING length(line), vouched, {Owner}
        """);
    private readonly SqliteCommand drop = Prepare(
        connection,
        """
        DELETE FROM incident WHERE number = $1 AND refused_at IS NOT NULL AND EXISTS (
          SELECT 1 FROM incident AS waiting WHERE waiting.cap_id = incident.cap_id AND waiting.incident_id = incident.incident_id
            AND waiting.content = incident.content AND waiting.refused_at IS NULL AND waiting.says = incident.says)
        RETURNING 0, 1, ''
        """);
    private readonly SqliteCommand lies = Prepare(connection, "SELECT 0, 1, '' FROM incident WHERE number = $1 AND refused_at IS NOT NULL");
    private readonly SqliteCommand letters = Prepare(connection, "SELECT count(*), 0, '' FROM incident WHERE refused_at IS NOT NULL AND vouched = $1");
    private readonly SqliteCommand trimCaps = Prepare(connection, Trimming("cap_id", "lies_dead_of_cap", isVouched: true));
    private readonly SqliteCommand trimSources = Prepare(connection, Trimming("source", "lies_dead_of_source", isVouched: false));

    private SqliteCommand[] All => [keep, crowd, same, vouch, leave, find, bury, merge, revive, drop, lies, letters, trimCaps, trimSources];

    /// <returns>With by how much the bytes change that were counted for the arrival.</returns>
    public (ArrivalVerdict Verdict, IReadOnlyList<WaitingBytes> Moved) Keep(Arrival arrival, DateTimeOffset now)
    {
        if (arrival is { IsClaim: true, IsVouched: false } && Ask(crowd, arrival.Source, SpoolLimits.MaxClaimsEach)?.Count == SpoolLimits.MaxClaimsEach)
        {
            var waits = Ask(same, arrival.CapId, arrival.IncidentId, arrival.Content, arrival.StatementHash) is not null;
            return (waits ? ArrivalVerdict.Duplicate : ArrivalVerdict.QueueFull, []);
        }

        var kept = Run(
            keep, arrival.Partition, arrival.Queue, arrival.CapId, arrival.IncidentId, arrival.Content, arrival.StatementHash, arrival.Line,
            now.ToUnixTimeMilliseconds(), arrival.IsVouched ? 1 : 0, arrival.Source);
        if (kept == 1)
        {
            return (ArrivalVerdict.Kept, []);
        }

        // A list vouches for the signer, who is the same whatever else the two say.
        var vouched = arrival.IsVouched ? Ask(vouch, arrival.CapId, arrival.IncidentId, arrival.Content) : null;
        var verdict = Ask(same, arrival.CapId, arrival.IncidentId, arrival.Content, arrival.StatementHash) is null ? ArrivalVerdict.Conflicts
            : vouched is null ? ArrivalVerdict.Duplicate
            : ArrivalVerdict.Vouched;
        return (verdict, vouched is { } bytes ? [-bytes, new WaitingBytes(arrival.CapId, bytes.Count, IsVouched: true)] : []);
    }

    /// <returns>Bytes that wait no more; none when it had left already.</returns>
    public IReadOnlyList<WaitingBytes> Settle(Settlement settlement, DateTimeOffset now)
    {
        if (settlement.Problem is not { } problem)
        {
            return Ask(leave, settlement.Number) is { } left ? [left] : [];
        }

        var freed = Ask(find, settlement.Number);
        Run(bury, settlement.Number, now.ToUnixTimeMilliseconds(), settlement.Status, Encoding.UTF8.GetString(problem), AfterTheKey.Contains(ProblemTypes.NameIn(problem)));
        return freed is { } bytes ? [bytes] : [];
    }

    /// <summary>Of letters with the same signed content, only the first ones stay.</summary>
    /// <param name="number">A letter that was just refused.</param>
    /// <returns>How many were dropped.</returns>
    public int MergeLetters(long number) => Run(merge, number);

    /// <returns>With the bytes that wait again, none when the same waits already.</returns>
    public (RetryVerdict Verdict, IReadOnlyList<WaitingBytes> Bytes) Revive(long number) =>
        (Ask(revive, number) ?? Ask(drop, number)) is { } waits ? (RetryVerdict.Waits, [waits])
        : (Ask(lies, number) is null ? RetryVerdict.NoSuchLetter : RetryVerdict.Conflicts, []);

    /// <summary>What is run from now on belongs to this transaction.</summary>
    public void Within(SqliteTransaction transaction)
    {
        foreach (var command in All)
        {
            command.Transaction = transaction;
        }
    }

    /// <returns>How many letters made room for newer ones of their kind.</returns>
    public long Trim() => Trim(trimCaps, isVouched: true, SpoolLimits.MaxVouchedDead) + Trim(trimSources, isVouched: false, SpoolLimits.MaxUnvouchedDead);

    public void Dispose()
    {
        foreach (var command in All)
        {
            command.Dispose();
        }
    }

    private long Trim(SqliteCommand trim, bool isVouched, int most) => Ask(letters, isVouched ? 1 : 0)!.Value.Count > most ? Run(trim, most) : 0;

    /// <summary>Whoever has the most letters loses his oldest ones first.</summary>
    private static string Trimming(string owner, string index, bool isVouched) =>
        $"""
        DELETE FROM incident WHERE number IN (
          SELECT number FROM (
            SELECT number, row_number() OVER (PARTITION BY {owner} ORDER BY number DESC) AS rank
            FROM incident INDEXED BY {index} WHERE refused_at IS NOT NULL AND vouched = {(isVouched ? 1 : 0)})
          ORDER BY rank, number DESC LIMIT -1 OFFSET $1)
        """;

    /// <returns>From a row of length, whether somebody vouches for it, and whose share it takes.</returns>
    private static WaitingBytes? Ask(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Bind(command, values);
        using var rows = command.ExecuteReader();
        return rows.Read() ? new WaitingBytes(rows.GetString(2), rows.GetInt64(0), rows.GetInt64(1) != 0) : null;
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
