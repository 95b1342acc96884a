using System.Threading.Channels;
using CapOrleans.HttpEdge.Logging;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>
/// Incidents on the gate's own disk, in order of arrival. Changes that wait are committed together, as one transaction;
/// those that arrive meanwhile wait for the next (group commit).
/// </summary>
internal sealed partial class IncidentSpool : IDisposable
{
    /// <summary>Most changes in one transaction, and most that may wait for it.</summary>
    private const int BatchLimit = 1024, QueueLimit = 8192;

    /// <summary>Time for the disk to store an incident. 5 seconds.</summary>
    public static readonly TimeSpan DiskTimeout = TimeSpan.FromSeconds(5);

    private readonly Channel<Change> changes = Channel.CreateBounded<Change>(new BoundedChannelOptions(QueueLimit) { SingleReader = true });
    private readonly SemaphoreSlim[] arrivals = [.. Enumerable.Range(0, Partitions.Count).Select(_ => new SemaphoreSlim(0))];
    private readonly SpoolFile file;
    private readonly SpoolLimits limits;
    private readonly TimeProvider time;
    private readonly ILogger<IncidentSpool> logger;
    private readonly Task writing;
    private readonly SpoolQuota quota;
    private readonly LogThrottle faults, drops, crowds;
    private long droppedDead, refusedFull;
    private int pendingTimeouts; // arrivals that the disk has neither stored nor refused in time
    private volatile string? lastError;

    public IncidentSpool(SpoolFile file, SpoolLimits limits, TimeProvider time, ILogger<IncidentSpool> logger)
    {
        (this.file, this.limits, this.time, this.logger) = (file, limits, time, logger);
        (faults, drops, crowds) = (new LogThrottle(time), new LogThrottle(time), new LogThrottle(time));
        using var connection = file.Connect();
        quota = new SpoolQuota(limits, ReadQuota(connection));
        foreach (var partition in arrivals)
        {
            partition.Release(); // an earlier run may have left incidents
        }

        var writer = file.ConnectWriter(); // here, so that a fault fails the start
        writing = Task.Factory.StartNew(() => Write(writer), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public SpoolLimits Limits => limits;

    /// <summary>Why the last change was not written; null when it was.</summary>
    public string? LastError => Volatile.Read(ref pendingTimeouts) > 0 ? "The disk has not completed a write for " +
        $"{DiskTimeout.TotalSeconds:0} seconds."
        : lastError;

    /// <summary>
    /// Writes a page without changing anything: a failing disk is noticed before the next incident arrives.
    /// </summary>
    /// <returns>Whether the spool takes incidents.</returns>
    public async Task<bool> CheckAsync()
    {
        try
        {
            return file.TakeReserve() && await ChangeAsync<bool>(commands => (commands.Touch(), []));
        }
        catch (Exception fault) when (SpoolFault.Is(fault))
        {
            return false; // LastError says why
        }
    }

    /// <summary>
    /// Stores an incident. A disk that hangs delays neither hosts nor escalations: it is then unknown whether the
    /// incident was stored, and sending it again is safe. While the disk hangs, further incidents are refused without
    /// waiting.
    /// </summary>
    /// <returns>
    /// <c>Kept</c> when it is on disk; <c>Full</c> also when the disk does not take it, for whatever reason.
    /// </returns>
    public async Task<ArrivalVerdict> KeepAsync(Arrival arrival)
    {
        if (Volatile.Read(ref pendingTimeouts) > 0)
        {
            Interlocked.Increment(ref refusedFull);
            return ArrivalVerdict.Full;
        }

        var keeping = ReserveAndWriteAsync(arrival);
        try
        {
            return await keeping.WaitAsync(DiskTimeout, time);
        }
        catch (TimeoutException)
        {
            Interlocked.Increment(ref refusedFull);
            Interlocked.Increment(ref pendingTimeouts);
            _ = keeping.ContinueWith(_ => Interlocked.Decrement(ref pendingTimeouts), TaskScheduler.Default);
            return ArrivalVerdict.Full;
        }
    }

    private async Task<ArrivalVerdict> ReserveAndWriteAsync(Arrival arrival)
    {
        // Reserve the quota before waiting for the disk, or a thousand concurrent requests would all see the same free
        // space.
        if (!quota.TryReserve(arrival.Bytes))
        {
            Interlocked.Increment(ref refusedFull);
            return ArrivalVerdict.Full;
        }

        var verdict = ArrivalVerdict.Undecided;
        try
        {
            if (!file.TakeReserve())
            {
                Interlocked.Increment(ref refusedFull);
                return ArrivalVerdict.Full;
            }

            verdict = await ChangeAsync(commands => commands.Keep(arrival, time.GetUtcNow()), arrival.Partition);
            if (verdict == ArrivalVerdict.QueueFull && crowds.Take() is > 0 and var count)
            {
                LogCrowd(count, SpoolLimits.MaxClaimsEach);
            }

            return verdict;
        }
        catch (Exception fault) when (SpoolFault.Is(fault))
        {
            Interlocked.Increment(ref refusedFull);
            return ArrivalVerdict.Full;
        }
        finally
        {
            if (verdict != ArrivalVerdict.Kept)
            {
                quota.Adjust([-arrival.Bytes]);
            }
        }
    }

    /// <summary>
    /// Removes what the cluster decided about from what waits; what it refused becomes a dead letter.
    /// </summary>
    public Task<int> SettleAsync(IReadOnlyList<Settlement> settlements) => ChangeAsync(commands =>
    {
        var freed = new List<WaitingBytes>(settlements.Count);
        foreach (var settlement in settlements)
        {
            freed.AddRange(commands.Settle(settlement, time.GetUtcNow()).Select(bytes => -bytes));
        }

        if (settlements.Any(settlement => settlement.Problem is not null))
        {
            var dropped = settlements.Sum(settlement => commands.MergeLetters(settlement.Number))
                + commands.Trim();
            Interlocked.Add(ref droppedDead, dropped);
            if (dropped > 0 && drops.Take(dropped) is > 0 and var count)
            {
                LogDropped(count, SpoolLimits.MaxVouchedDead, SpoolLimits.MaxUnvouchedDead);
            }
        }

        return (settlements.Count, freed);
    });

    /// <summary>Moves a waiting incident to a queue of its own, see <see cref="Waiting.QueueAside"/>.</summary>
    public Task<bool> StepAsideAsync(long number) => ChangeAsync<bool>(commands => (commands.StepAside(number), []));

    /// <summary>Deletes a dead letter.</summary>
    /// <returns>Whether there was one with this number.</returns>
    public Task<bool> DiscardAsync(long number) => ChangeAsync<bool>(commands => (commands.Discard(number), []));

    public Task<RetryVerdict> RetryAsync(long number) =>
        ChangeAsync(commands => commands.Revive(number), Enumerable.Range(0, Partitions.Count).ToArray());

    /// <summary>
    /// Completes when something may have arrived in the partition, or after <paramref name="atMost"/>.
    /// </summary>
    public async Task WaitForArrivalAsync(int partition, TimeSpan atMost, CancellationToken cancellationToken)
    {
        await arrivals[partition].WaitAsync(atMost, cancellationToken);
        while (arrivals[partition].Wait(0, CancellationToken.None))
        {
            // One read finds everything that arrived.
        }
    }

    public void Dispose()
    {
        changes.Writer.TryComplete();
        writing.GetAwaiter().GetResult();
        file.Dispose();
        foreach (var partition in arrivals)
        {
            partition.Dispose();
        }
    }

    private static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
