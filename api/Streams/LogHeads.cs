using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Streams;

/// <summary>
/// Polls the lengths of the logs, once for all streams of this process and only while there are any: a stream reads the
/// database only when there is something to read.
/// </summary>
internal sealed partial class LogHeads(IGrainFactory grains, TimeProvider time, ILogger<LogHeads> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private TaskCompletionSource subscribed = New(), changed = New();
    private int listeners;
    private long[] sizes = [];

    /// <returns>The last known length of each log, and a task that completes when one of them changes.</returns>
    public (IReadOnlyList<long> Sizes, Task Changed) Current
    {
        get
        {
            lock (gate)
            {
                return (sizes, changed.Task);
            }
        }
    }

    /// <summary>Keeps the polling running until the result is disposed of.</summary>
    /// <exception cref="Exception">A log is unreachable.</exception>
    public async Task<Subscription> ListenAsync(CancellationToken cancellationToken)
    {
        var count = await grains.GetGrain<ILogReaderGrain>(0).CountAsync();
        var now = await Task.WhenAll(Enumerable.Range(0, count).Select(SizeAsync)).WaitAsync(cancellationToken);
        lock (gate)
        {
            listeners++;
            subscribed.TrySetResult();
        }

        return new Subscription(this, now);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await subscribed.Task.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await PollAsync(stoppingToken);
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<long> SizeAsync(int log) => (await grains.GetGrain<IAuditLogGrain>(log).HeadAsync()).Size;

    private async Task PollAsync(CancellationToken stoppingToken)
    {
        try
        {
            var count = await grains.GetGrain<ILogReaderGrain>(0).CountAsync();
            Publish(await Task.WhenAll(Enumerable.Range(0, count).Select(SizeAsync)));
        }
        catch (Exception fault)
        {
            // Streams wait: their logs accept nothing at the moment. No exception may end the process.
            if (!stoppingToken.IsCancellationRequested)
            {
                LogAway(fault);
            }
        }
    }

    private void Publish(long[] now)
    {
        lock (gate)
        {
            if (sizes.AsSpan().SequenceEqual(now))
            {
                return;
            }

            sizes = now;
            changed.SetResult();
            changed = New();
        }
    }

    private void Unsubscribe()
    {
        lock (gate)
        {
            if (--listeners == 0)
            {
                subscribed = New();
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "The logs' heads cannot be read now.")]
    private partial void LogAway(Exception fault);

    /// <param name="heads">Owner to notify on disposal.</param>
    /// <param name="sizes">Length of each log at the start.</param>
    internal sealed class Subscription(LogHeads heads, IReadOnlyList<long> sizes) : IDisposable
    {
        public IReadOnlyList<long> Sizes => sizes;

        public void Dispose() => heads.Unsubscribe();
    }
}
