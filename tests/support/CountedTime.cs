using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Support;

/// <summary>
/// A fake clock that counts the timers created, so that a test advances it only once something waits for it.
/// </summary>
internal sealed class CountedTime : FakeTimeProvider
{
    private int timers;

    public int Timers => Volatile.Read(ref timers);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Interlocked.Increment(ref timers);
        return timer;
    }
}
