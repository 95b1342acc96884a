using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <param name="MaxBytes">Of the incidents that wait; one more is refused with 507.</param>
/// <param name="MaxAge">Longer than this nothing waits: it becomes a dead letter.</param>
public sealed record SpoolLimits(long MaxBytes, TimeSpan MaxAge)
{
    /// <summary>Dead letters that are kept; a newer one takes the place of the oldest.</summary>
    public const int MaxDead = 10_000;
}

/// <summary>
/// Incidents on the gate's own disk, in the order of their arrival. What waits to be written is committed as one transaction, and what
/// arrives meanwhile waits for the next.
/// </summary>
internal sealed partial class IncidentSpool : IDisposable
{
    /// <summary>Changes in one transaction, and changes that may wait for it.</summary>
    private const int BatchLimit = 1024, QueueLimit = 8192;

    /// <summary>SQLITE_FULL and SQLITE_IOERR.</summary>
    private const int DiskFull = 13, DiskFault = 10;

    private readonly Channel<Change> changes = Channel.CreateBounded<Change>(new BoundedChannelOptions(QueueLimit) { SingleReader = true });
    private readonly SemaphoreSlim[] arrivals = [.. Enumerable.Range(0, Lanes.Count).Select(_ => new SemaphoreSlim(0))];
    private readonly SpoolFile file;
    private readonly SpoolLimits limits;
    private readonly TimeProvider time;
    private readonly ILogger<IncidentSpool> logger;
    private readonly Task writing;
    private long bytes;
    private long droppedDead, full;
    private long? saidAt;

    public IncidentSpool(SpoolFile file, SpoolLimits limits, TimeProvider time, ILogger<IncidentSpool> logger)
    {
        (this.file, this.limits, this.time, this.logger) = (file, limits, time, logger);
        using var connection = file.Connect();
        bytes = Scalar(connection, "SELECT coalesce(sum(length(line)), 0) FROM incident WHERE refused_at IS NULL");
        foreach (var lane in arrivals)
        {
            lane.Release(); // there may be something from a former life
        }

        var writer = file.ConnectWriter(); // here, so that whoever starts the gate hears of a fault
        writing = Task.Factory.StartNew(() => Write(writer), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public SpoolLimits Limits => limits;

    /// <returns>When it was kept, it is on disk.</returns>
    /// <exception cref="SqliteException">The disk does not take it.</exception>
    public async Task<ArrivalVerdict> KeepAsync(Arrival arrival)
    {
        // Counted before it waits for the disk: a thousand at once must not each find room for one.
        if (Interlocked.Add(ref bytes, arrival.Line.Length) > limits.MaxBytes || !file.TakeReserve())
        {
            Interlocked.Add(ref bytes, -arrival.Line.Length);
            Interlocked.Increment(ref full);
            return ArrivalVerdict.Full;
        }

        var verdict = ArrivalVerdict.Undecided;
        try
        {
            return verdict = await ChangeAsync(commands => (commands.Keep(arrival, time.GetUtcNow()), 0), Lanes.Of(arrival.Queue));
        }
        finally
        {
            if (verdict != ArrivalVerdict.Kept)
            {
                Interlocked.Add(ref bytes, -arrival.Line.Length);
            }
        }
    }

    /// <summary>Lets go of what the cluster decided about.</summary>
    public Task<int> SettleAsync(IReadOnlyList<Settlement> settlements) => ChangeAsync(commands =>
    {
        var freed = settlements.Sum(settlement => commands.Settle(settlement, time.GetUtcNow()));
        if (settlements.Any(settlement => settlement.Problem is not null))
        {
            var dropped = commands.Trim(SpoolLimits.MaxDead);
            Interlocked.Add(ref droppedDead, dropped);
            if (dropped > 0)
            {
                LogDropped(dropped, SpoolLimits.MaxDead);
            }
        }

        return (settlements.Count, -freed);
    });

    /// <returns>False when there is no such dead letter.</returns>
    public Task<bool> RetryAsync(long number) => ChangeAsync(commands =>
    {
        var waits = commands.Revive(number);
        return (waits is not null, waits ?? 0);
    }, Enumerable.Range(0, Lanes.Count).ToArray());

    /// <summary>Completes when something may have arrived in the lane, or the time is over.</summary>
    public async Task ArrivedAsync(int lane, TimeSpan atMost, CancellationToken cancellationToken)
    {
        await arrivals[lane].WaitAsync(atMost, cancellationToken);
        while (arrivals[lane].Wait(0, CancellationToken.None))
        {
            // One look finds all that arrived.
        }
    }

    public void Dispose()
    {
        changes.Writer.TryComplete();
        writing.GetAwaiter().GetResult();
        file.Dispose();
        foreach (var lane in arrivals)
        {
            lane.Dispose();
        }
    }

    private async Task<T> ChangeAsync<T>(Func<SpoolCommands, (T Result, long Bytes)> apply, params int[] lanes)
    {
        var change = new Change<T>(apply, lanes);
        await changes.Writer.WriteAsync(change);
        return await change.Done.Task;
    }

    private void Write(SqliteConnection connection)
    {
        using var owned = connection;
        using var commands = new SpoolCommands(connection);
        var batch = new List<Change>(BatchLimit);
        while (changes.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            while (batch.Count < BatchLimit && changes.Reader.TryRead(out var change))
            {
                batch.Add(change);
            }

            try
            {
                Commit(connection, commands, batch);
            }
            catch (Exception fault)
            {
                // Whoever asked is told; the file is as it was before, and the next change has its turn.
                Say(batch.Count, fault.Message);
                batch.ForEach(change => change.Fail(fault));
                if (fault is SqliteException { SqliteErrorCode: DiskFull or DiskFault })
                {
                    file.ReleaseReserve(); // from here on only what leaves is taken, in the room that was kept for it
                }
            }
        }
    }

    /// <summary>At most once a second: while the disk is full, every incident ends here.</summary>
    private void Say(int count, string message)
    {
        if (saidAt is not { } last || time.GetElapsedTime(last) >= TimeSpan.FromSeconds(1))
        {
            saidAt = time.GetTimestamp();
            LogFault(count, message);
        }
    }

    private void Commit(SqliteConnection connection, SpoolCommands commands, List<Change> batch)
    {
        long moved;
        using (var transaction = connection.BeginTransaction(deferred: false))
        {
            commands.Within(transaction);
            moved = batch.Sum(change => change.Apply(commands));
            transaction.Commit();
        }

        Interlocked.Add(ref bytes, moved);
        foreach (var change in batch)
        {
            change.Succeed();
        }

        foreach (var lane in batch.SelectMany(change => change.Lanes).Distinct())
        {
            arrivals[lane].Release();
        }
    }

    private static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    [LoggerMessage(521, LogLevel.Error, "{Count} dead letters were dropped: the newest {Most} are kept")]
    private partial void LogDropped(long count, int most);

    [LoggerMessage(520, LogLevel.Error, "{Count} changes of the spool were not written: {Message}")]
    private partial void LogFault(int count, string message);
}
