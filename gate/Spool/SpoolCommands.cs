using System.Text;
using CapOrleans.Contracts;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>The spool's statements, run within one transaction of its writer.</summary>
internal sealed partial class SpoolCommands(SqliteConnection connection) : IDisposable
{
    /// <summary>
    /// Refusals that the cluster gives only to what a registered key signed. It gives all others to strangers as well.
    /// </summary>
    private static readonly string[] GivenOnlyToKnownSigners = ["timestamp-out-of-bounds", "full-signature-required"];

    /// <summary>
    /// Other content was accepted. Anyone who captured an incident can alter it at will, so this vouches for nothing.
    /// </summary>
    private const int Conflict = 409;

    /// <summary>Whose share of the quota an incident takes, see <see cref="WaitingBytes"/>.</summary>
    private const string Owner = "CASE WHEN vouched THEN cap_id ELSE source END";

    private readonly SqliteCommand keep = Prepare(
        connection,
        """
        INSERT INTO incident (partition, queue, cap_id, incident_id, content, says, line, received_at, vouched, source, critical,
          any_severity)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING
        """);
    private readonly SqliteCommand countClaims = Prepare(
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
    private readonly SqliteCommand stepAside = Prepare(
        connection, "UPDATE incident SET queue = cap_id || '#' || number WHERE number = $1 AND refused_at IS NULL");
    private readonly SqliteCommand leave = Prepare(
        connection, $"DELETE FROM incident WHERE number = $1 AND refused_at IS NULL RETURNING length(line), vouched, {Owner}");
    private readonly SqliteCommand find = Prepare(
        connection, $"SELECT length(line), vouched, {Owner} FROM incident WHERE number = $1 AND refused_at IS NULL");
    private readonly SqliteCommand makeDeadLetter = Prepare(
        connection,
        $"""
        UPDATE incident SET refused_at = $2, status = $3, problem = $4,
          vouched = $3 <> {Conflict} AND (vouched OR $5)
        WHERE number = $1 AND refused_at IS NULL
        """);

    private readonly SqliteCommand touch = Prepare(connection, $"PRAGMA user_version = {SpoolFile.Version}");

    private SqliteCommand[] All => [touch, keep, countClaims, same, vouch, stepAside, discard, leave, find, makeDeadLetter,
        merge, revive, drop, findDeadLetter,
        letters, trimCaps, trimSources];

    /// <summary>Writes a value that the file already has.</summary>
    public bool Touch()
    {
        Run(touch);
        return true;
    }

    /// <returns>With the changes to the bytes that were counted for the arrival.</returns>
    public (ArrivalVerdict Verdict, IReadOnlyList<WaitingBytes> Moved) Keep(Arrival arrival, DateTimeOffset now)
    {
        if (arrival is { IsWalletClaim: true, IsVouched: false } && QueryBytes(countClaims, arrival.Source,
            SpoolLimits.MaxClaimsEach)?.Count == SpoolLimits.MaxClaimsEach)
        {
            var waits = QueryBytes(same, arrival.CapId, arrival.IncidentId, arrival.Content, arrival.StatementHash) is not null;
            return (waits ? ArrivalVerdict.Duplicate : ArrivalVerdict.QueueFull, []);
        }

        var kept = Run(
            keep, arrival.Partition, arrival.Queue, arrival.CapId, arrival.IncidentId, arrival.Content, arrival.StatementHash, arrival.Line,
            now.ToUnixTimeMilliseconds(), arrival.IsVouched ? 1 : 0, arrival.Source, arrival.IsCritical ? 1 : 0,
            arrival.TakesAnySeverity ? 1 : 0);
        if (kept == 1)
        {
            return (ArrivalVerdict.Kept, []);
        }

        // The list vouches for the signer, who is the same however else the two incidents differ.
        var vouched = arrival.IsVouched ? QueryBytes(vouch, arrival.CapId, arrival.IncidentId, arrival.Content) : null;
        var verdict = QueryBytes(same, arrival.CapId, arrival.IncidentId, arrival.Content,
            arrival.StatementHash) is null ? ArrivalVerdict.Conflicts
            : vouched is null ? ArrivalVerdict.Duplicate
            : ArrivalVerdict.Vouched;
        return (verdict, vouched is { } bytes ? [-bytes, new WaitingBytes(arrival.CapId, bytes.Count, IsVouched: true)] : []);
    }

    /// <summary>Moves a waiting incident to a queue of its own, where it holds nothing up.</summary>
    public bool StepAside(long number) => Run(stepAside, number) > 0;

    /// <returns>Bytes that no longer wait; empty when the incident had already left.</returns>
    public IReadOnlyList<WaitingBytes> Settle(Settlement settlement, DateTimeOffset now)
    {
        if (settlement.Problem is not { } problem)
        {
            return QueryBytes(leave, settlement.Number) is { } left ? [left] : [];
        }

        var freed = QueryBytes(find, settlement.Number);
        Run(makeDeadLetter, settlement.Number, now.ToUnixTimeMilliseconds(), settlement.Status,
            Encoding.UTF8.GetString(problem), GivenOnlyToKnownSigners.Contains(ProblemTypes.NameIn(problem)));
        return freed is { } bytes ? [bytes] : [];
    }

    /// <summary>Makes all commands from now on part of this transaction.</summary>
    public void UseTransaction(SqliteTransaction transaction)
    {
        foreach (var command in All)
        {
            command.Transaction = transaction;
        }
    }

    public void Dispose()
    {
        foreach (var command in All)
        {
            command.Dispose();
        }
    }

    /// <returns>From a row of length, whether it is vouched for, and owner; null for no row.</returns>
    private static WaitingBytes? QueryBytes(SqliteCommand command, params ReadOnlySpan<object> values)
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
