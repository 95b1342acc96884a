using System.Data;
using System.Security.Cryptography;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>
/// Writes a batch as one transaction in three round trips: the facts, under a lock on the log's head; the rows, as arrays;
/// the commit.
/// </summary>
/// <remarks>
/// Two writers of one log are serialised by the lock, and the second one finds another size than it expected. A connection that
/// is lost during the commit leaves it unknown whether it happened: the caller fails, and who asks again gets the first receipt.
/// Tests: <c>Two_writers_that_both_believe_they_own_the_log_cannot_both_commit</c>, <c>A_writer_that_stops_in_the_middle_holds_nobody_up</c>.
/// </remarks>
public sealed class PostgresLogWriter(PostgresDatabase database) : IAuditLogWriter
{
    public async Task<LogHead> OpenAsync(int log, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        // The name is drawn once and never changes: receipts carry it.
        var origin = $"caporleans-{RandomNumberGenerator.GetHexString(12, lowercase: true)}/log/{log}";
        await using var batch = new NpgsqlBatch(connection);
        batch.Add(
            "INSERT INTO log_head (log, origin, size, root, frontier) VALUES ($1, $2, 0, $3, '') ON CONFLICT DO NOTHING",
            log, origin, MerkleHash.EmptyRoot);
        batch.Add("SELECT origin, size, root FROM log_head WHERE log = $1", log);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        await reader.ReadAsync(CancellationToken.None);
        return new LogHead(reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2));
    }

    public async Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> CommitAsync(
        int log, LogHead expected, IReadOnlyList<Append> batch, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
        var facts = await CommitFacts.ReadAsync(connection, log, batch, cancellationToken);
        if (facts.Head.Size != expected.Size)
        {
            throw new LogFencedException($"Log {log} has {facts.Head.Size} entries, this writer expected {expected.Size}.");
        }

        var plan = new CommitPlan(facts.Frontier, facts);
        var outcomes = new AppendOutcome[batch.Count];
        for (var i = 0; i < batch.Count; i++)
        {
            outcomes[i] = plan.Add(batch[i]);
        }

        var head = plan.Entries.Count == 0 ? facts.Head : facts.Head with { Size = plan.Frontier.Size, Root = plan.Frontier.Root() };
        await CommitRows.WriteAsync(connection, log, facts.Head.Size, head, plan);
        await transaction.CommitAsync(CancellationToken.None);
        return (head, outcomes);
    }
}
