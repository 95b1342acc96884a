using System.Security.Cryptography;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;
using Microsoft.Data.Sqlite;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>
/// Writes a batch as one transaction: rows of <c>incident</c>, <c>audit_entry</c>, the caps' totals, bookmarks, and the head.
/// </summary>
/// <remarks>
/// Crash anywhere before the commit: nothing is kept, and the callers were not answered. Crash after it: everything is kept,
/// and a caller who asks again gets the first receipt. Test: <c>A_killed_node_has_every_incident_it_answered_for</c>.
/// </remarks>
public sealed class SqliteLogWriter : IAuditLogWriter, IDisposable
{
    private readonly SqliteConnection connection;
    private readonly CommitStatements statements;
    private readonly Lock writing = new();

    public SqliteLogWriter(SqliteDatabase database)
    {
        connection = database.ConnectWriter();
        statements = new CommitStatements(connection);
    }

    public Task<LogHead> OpenAsync(int log, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            lock (writing)
            {
                using var transaction = connection.BeginTransaction(deferred: false);
                // The name is drawn once and never changes: receipts carry it.
                var origin = $"caporleans-{RandomNumberGenerator.GetHexString(12, lowercase: true)}/log/{log}";
                statements.MakeHead.Run(transaction, log, origin, MerkleHash.EmptyRoot);
                var (head, _) = statements.ReadHead(transaction, log);
                transaction.Commit();
                return head;
            }
        },
        cancellationToken);

    public Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> CommitAsync(
        int log, LogHead expected, IReadOnlyList<Append> batch, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            lock (writing)
            {
                return Commit(log, expected, batch);
            }
        },
        cancellationToken);

    public void Dispose()
    {
        statements.Dispose();
        connection.Dispose();
    }

    private (LogHead Head, IReadOnlyList<AppendOutcome> Outcomes) Commit(int log, LogHead expected, IReadOnlyList<Append> batch)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        var (head, frontier) = statements.ReadHead(transaction, log);
        if (head.Size != expected.Size)
        {
            throw new LogFencedException($"Log {log} has {head.Size} entries, this writer expected {expected.Size}.");
        }

        var commit = new Commit(log, transaction, statements, frontier);
        var outcomes = new AppendOutcome[batch.Count];
        for (var i = 0; i < batch.Count; i++)
        {
            outcomes[i] = commit.Add(batch[i]);
        }

        head = commit.Finish(head.Origin, head.Size);
        transaction.Commit();
        return (head, outcomes);
    }
}
