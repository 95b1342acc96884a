using System.Threading.Channels;
using CapOrleans.HttpEdge.Logging;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>
/// Incidents on the gate's own disk, in the order of their arrival. What waits to be written is committed as one transaction, and what
/// arrives meanwhile waits for the next.
/// </summary>
internal sealed partial class IncidentSpool : IDisposable
{
    /// <summary>Changes in one transaction, and changes that may wait for it.</summary>
    private const int BatchLimit = 1024, QueueLimit = 8192;

    /// <summary>For the disk to take an incident. 5 seconds.</summary>
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
    private long droppedDead, full;
    private int late; // arrivals that the disk has neither taken nor refused in time
    private volatile string? lastError;

    public IncidentSpool(SpoolFile file, SpoolLimits limits, TimeProvider time, ILogger<IncidentSpool> logger)
    {
        (this.file, this.limits, this.time, this.logger) = (file, limits, time, logger);
        (faults, drops, crowds) = (new LogThrottle(time), new LogThrottle(time), new LogThrottle(time));
        using var connection = file.Connect();
        quota = new SpoolQuota(limits, ReadQuota(connection));
        foreach (var partition in arrivals)
        {
            partition.Release(); // there may be something from a former life
        }

        var writer = file.ConnectWriter(); // here, so that whoever starts the gate sees a fault
        writing = Task.Factory.StartNew(() => Write(writer), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public SpoolLimits Limits => limits;

    /// <summary>What kept the last change from the disk; null when it was written.</summary>
    public string? LastError => Volatile.Read(ref late) > 0 ? $"It has written nothing for {DiskTimeout.TotalSeconds:0} seconds."
        : lastError;

    /// <summary>Writes a page and nothing new: a disk that fails is noticed before the next incident comes.</summary>
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
    /// A disk that hangs keeps no host, and no page, waiting: whether it kept the incident is unknown, and to send it again is safe. While it
    /// does, nothing more waits for it.
    /// </summary>
    /// <returns>When it was kept, it is on disk; what the disk does not take, for whatever reason, finds the spool full.</returns>
    public async Task<ArrivalVerdict> KeepAsync(Arrival arrival)
    {
        if (Volatile.Read(ref late) > 0)
        {
            Interlocked.Increment(ref full);
            return ArrivalVerdict.Full;
        }

        var keeping = KeepAtLastAsync(arrival);
        try
        {
            return await keeping.WaitAsync(DiskTimeout, time);
        }
        catch (TimeoutException)
        {
            Interlocked.Increment(ref full);
            Interlocked.Increment(ref late);
            _ = keeping.ContinueWith(_ => Interlocked.Decrement(ref late), TaskScheduler.Default);
            return ArrivalVerdict.Full;
        }
    }

    private async Task<ArrivalVerdict> KeepAtLastAsync(Arrival arrival)
    {
        // Counted before it waits for the disk: a thousand at once must not each find room for one.
        if (!quota.TryTake(arrival.Bytes))
        {
            Interlocked.Increment(ref full);
            return ArrivalVerdict.Full;
        }

        var verdict = ArrivalVerdict.Undecided;
        try
        {
            if (!file.TakeReserve())
            {
                Interlocked.Increment(ref full);
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
            Interlocked.Increment(ref full);
            return ArrivalVerdict.Full;
        }
        finally
        {
            if (verdict != ArrivalVerdict.Kept)
            {
                quota.Move([-arrival.Bytes]);
            }
        }
    }

    /// <summary>Lets go of what the cluster decided about.</summary>
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

    /// <summary>One that waits has a queue of its own from here on, see <see cref="Waiting.QueueAside"/>.</summary>
    public Task<bool> StepAsideAsync(long number) => ChangeAsync<bool>(commands => (commands.StepAside(number), []));

    /// <summary>Deletes a dead letter.</summary>
    /// <returns>Whether there was one of this number.</returns>
    public Task<bool> DiscardAsync(long number) => ChangeAsync<bool>(commands => (commands.Discard(number), []));

    public Task<RetryVerdict> RetryAsync(long number) =>
        ChangeAsync(commands => commands.Revive(number), Enumerable.Range(0, Partitions.Count).ToArray());

    /// <summary>Completes when something may have arrived in the partition, or the time is over.</summary>
    public async Task ArrivedAsync(int partition, TimeSpan atMost, CancellationToken cancellationToken)
    {
        await arrivals[partition].WaitAsync(atMost, cancellationToken);
        while (arrivals[partition].Wait(0, CancellationToken.None))
        {
            // One look finds all that arrived.
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
