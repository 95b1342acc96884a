using System.Collections.Concurrent;
using System.Security.Cryptography;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>
/// Writes a batch as one transaction in one round trip: the rows as arrays, behind a compare-and-swap on the number of
/// commits. It assumes that every incident of the batch is new, which the unique key enforces: if one is not, the
/// transaction fails as a whole, and the batch is planned again with the existing entries; for a while, batches are
/// then looked up before they are written.
/// </summary>
/// <remarks>
/// Two writers of one log are serialised by the head's row; the second finds another number of commits and keeps
/// nothing. When the connection is lost during the commit, its outcome is unknown: the call fails, and a retry gets the
/// first receipt. Tests: <c>Two_writers_that_both_believe_they_own_the_log_cannot_both_commit</c>,
/// <c>A_writer_that_stops_half_way_blocks_no_other</c>.
/// </remarks>
public sealed class PostgresLogWriter(PostgresDatabase database) : IAuditLogWriter, IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, CachedLog> logs = new();

    public async Task<LogHead> OpenAsync(int log, CancellationToken cancellationToken)
    {
        // The origin is generated once and never changes: receipts contain it.
        var origin = $"caporleans-{RandomNumberGenerator.GetHexString(12, lowercase: true)}/log/{log}";
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var createHead = new NpgsqlBatch(connection);
        createHead.Add(
            "INSERT INTO log_head (log, origin, size, root, frontier) VALUES ($1, $2, 0, $3, '') ON CONFLICT DO NOTHING",
            log, origin, MerkleHash.EmptyRoot);
        await createHead.ExecuteNonQueryAsync(CancellationToken.None);
        await ReleaseAsync(log);
        return (await AcquireAsync(log, evict: true, cancellationToken)).Head;
    }

    public async Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> CommitAsync(
        int log, LogHead expected, IReadOnlyList<Append> batch, CancellationToken cancellationToken)
    {
        try
        {
            var state = logs.GetValueOrDefault(log) ?? await AcquireAsync(log, evict: false, cancellationToken);
            if (state.Head.Size != expected.Size)
            {
                throw new LogFencedException($"Log {log} has {state.Head.Size} entries, but this writer expected {expected.Size}.");
            }

            await state.LoadFactsAsync(batch, cancellationToken);
            return await CommitAsync(state, batch);
        }
        catch
        {
            await ReleaseAsync(log); // the state on disk is unknown
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var log in logs.Keys)
        {
            await ReleaseAsync(log);
        }
    }

    private static async Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> CommitAsync(CachedLog state,
        IReadOnlyList<Append> batch)
    {
        try
        {
            if (state.ChecksDuplicatesFirst)
            {
                await state.LoadEarlierIncidentsAsync(batch, CancellationToken.None);
            }

            return await TryCommitAsync(state, batch);
        }
        catch (PostgresException fault) when (fault is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "incident_id" })
        {
            await state.LoadEarlierIncidentsAsync(batch, CancellationToken.None);
            return await TryCommitAsync(state, batch);
        }
        finally
        {
            state.ClearEarlier();
        }
    }

    private static async Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> TryCommitAsync(CachedLog state,
        IReadOnlyList<Append> batch)
    {
        var plan = new CommitPlan(state.Frontier.Copy(), state);
        var outcomes = new AppendOutcome[batch.Count];
        for (var i = 0; i < batch.Count; i++)
        {
            outcomes[i] = plan.Add(batch[i]);
        }

        if (!Array.Exists(outcomes, outcome => outcome.Verdict == AppendVerdict.Appended))
        {
            return (state.Head, outcomes);
        }

        var head = plan.Entries.Count == 0 ? state.Head : state.Head with { Size = plan.Frontier.Size, Root = plan.Frontier.Root() };
        try
        {
            await CommitRows.WriteAsync(state, head, plan);
        }
        catch (PostgresException fault) when (fault.SqlState is PostgresErrorCodes.NotNullViolation
            || (fault.SqlState == PostgresErrorCodes.UniqueViolation && fault.ConstraintName != "incident_id"))
        {
            throw new LogFencedException($"Log {state.Log} was written by another writer.");
        }

        state.Apply(plan, head);
        return (head, outcomes);
    }

    private async Task<CachedLog> AcquireAsync(int log, bool evict, CancellationToken cancellationToken) =>
        logs[log] = await CachedLog.OpenAsync(database.ConnectionString, log, evict, cancellationToken);

    private async Task ReleaseAsync(int log)
    {
        if (logs.TryRemove(log, out var before))
        {
            await before.DisposeAsync();
        }
    }
}
