using System.Security.Cryptography;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;
using Microsoft.Data.Sqlite;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>
/// Writes a batch as one transaction: rows of <c>incident</c>, <c>audit_entry</c>, the caps' totals, offsets, and the head.
/// </summary>
/// <remarks>
/// Crash anywhere before the commit: nothing is kept, and the callers got no answer. Crash after it: everything is
/// kept, and a retry gets the first receipt. Test: <c>A_killed_node_has_every_incident_that_it_acknowledged</c>.
/// </remarks>
public sealed partial class SqliteLogWriter : IAuditLogWriter, IDisposable
{
    private readonly SqliteDatabase database;
    private readonly SqliteConnection connection;
    private readonly CommitStatements statements;
    private readonly Lock writing = new();

    public SqliteLogWriter(SqliteDatabase database)
    {
        this.database = database;
        connection = database.ConnectWriter();
        statements = new CommitStatements(connection);
    }

    public Task<LogHead> OpenAsync(int log, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            lock (writing)
            {
                using var transaction = connection.BeginTransaction(deferred: false);
                // The origin is generated once and never changes: receipts contain it.
                var origin = $"caporleans-{RandomNumberGenerator.GetHexString(12, lowercase: true)}/log/{log}";
                statements.InsertHead.Run(transaction, log, origin, MerkleHash.EmptyRoot);
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
                var committed = Commit(log, expected, batch);
                database.TruncateWalIfLong();
                return committed;
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
            throw new LogFencedException($"Log {log} has {head.Size} entries, but this writer expected {expected.Size}.");
        }

        var plan = new CommitPlan(frontier, new Facts(log, transaction, statements));
        var outcomes = new AppendOutcome[batch.Count];
        for (var i = 0; i < batch.Count; i++)
        {
            outcomes[i] = plan.Add(batch[i]);
        }

        Write(log, transaction, plan, head.Size);
        if (plan.Entries.Count > 0)
        {
            head = head with { Size = plan.Frontier.Size, Root = plan.Frontier.Root() };
            statements.UpdateHead.Run(transaction, log, head.Size, head.Root, plan.Frontier.ToBytes());
        }
        else
        {
            statements.WriteProbe.Run(transaction); // an empty commit must still find out whether the disk is writable
        }

        transaction.Commit();
        return (head, outcomes);
    }

    private void Write(int log, SqliteTransaction transaction, CommitPlan plan, long index)
    {
        foreach (var entry in plan.Entries)
        {
            statements.AddEntry.Run(transaction, log, index++, entry.Kind, entry.Bytes);
        }

        WriteIncidents(log, transaction, plan);
        foreach (var context in plan.Contexts)
        {
            statements.PutCap.Run(transaction, context.CapId, context.Version, context.Revision, CapContextJson.Write(context));
        }

        foreach (var (capId, (score, incidents)) in plan.ScoreChanges)
        {
            statements.AddTotals.Run(transaction, capId, score, incidents);
        }

        foreach (var (at, capId, incidentId, adjustment) in plan.Corrections)
        {
            statements.AddCorrection.Run(transaction, capId, incidentId, PackedPosition.Of(log, at), adjustment);
        }

        foreach (var (at, capId, incidentId, state) in plan.Updates)
        {
            statements.AddUpdate.Run(transaction, capId, incidentId, PackedPosition.Of(log, at), (object?)state ?? DBNull.Value);
        }

        foreach (var (consumer, position) in plan.Offsets)
        {
            if (position == 0)
            {
                statements.DropOffset.Run(transaction, log, consumer);
            }
            else
            {
                statements.MoveOffset.Run(transaction, log, consumer, position);
            }
        }

        WriteDeliveries(log, transaction, plan);
        WriteEscalations(log, transaction, plan);
        WriteHeartbeats(log, transaction, plan);
        foreach (var change in plan.Covers)
        {
            if (change.DeleteAfter is { } beyond)
            {
                statements.DropCovers.Run(transaction, log, change.Kind, beyond);
            }

            if (change.Added is { } cover)
            {
                statements.AddCover.Run(transaction, log, cover.Kind, cover.To, cover.From, change.Index);
            }
        }
    }

    private void WriteIncidents(int log, SqliteTransaction transaction, CommitPlan plan)
    {
        foreach (var (at, row) in plan.Incidents)
        {
            statements.AddIncident.Run(
                transaction, PackedPosition.Of(log, at), row.CapId, row.IncidentId, row.ContentHash, row.SeverityRank,
                row.AcceptedAt.ToUnixTimeMilliseconds());
            if (row.GroupId is not null)
            {
                statements.AddToGroup.Run(
                    transaction, row.CapId, row.GroupId, PackedPosition.Of(log, at), row.GroupFirst!, row.IsFirstOfGroup ? 1 : 0);
            }
        }
    }

    private sealed class Facts(int log, SqliteTransaction transaction, CommitStatements statements) : ICommitFacts
    {
        public ContextVersion VersionOf(string capId) => statements.CapVersion(transaction, capId);

        public long PositionOf(string consumer) => statements.Position(transaction, log, consumer);

        public EarlierIncident? FindIncident(string capId, string incidentId) => statements.FindIncident(transaction, capId, incidentId);
    }
}
