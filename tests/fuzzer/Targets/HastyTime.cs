namespace CapOrleans.Fuzz.Targets;

/// <summary>
/// A clock on which every wait is over immediately: each read is ten seconds later than the one before.
/// </summary>
internal sealed class HastyTime : TimeProvider
{
    private long now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Add(ref now, 10 * TimeSpan.TicksPerSecond);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        // Timers of a second or more are timeouts and never fire, for every answer is immediate; shorter ones are
        // waits.
        if (dueTime > TimeSpan.Zero && dueTime < TimeSpan.FromSeconds(1))
        {
            ThreadPool.QueueUserWorkItem(_ => callback(state));
        }

        return new NoTimer();
    }

    private sealed class NoTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
