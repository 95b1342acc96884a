using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Support;

/// <summary>
/// A clock for a silo, moved by the test alone. Orleans waits for a moment by asking for the time until it has come, and
/// between two questions waits for what is left in whole milliseconds: with less than one left it asks without a pause,
/// for ever if the clock stands still. It then gets a time one millisecond later.
/// </summary>
public sealed class SiloTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    /// <summary>Questions of one thread within one real millisecond, as many as only such a loop asks.</summary>
    private const int Loop = 2000;

    [ThreadStatic]
    private static long millisecond;

    [ThreadStatic]
    private static int questions;

    public SiloTime()
        : this(System.GetUtcNow())
    {
    }

    public override DateTimeOffset GetUtcNow()
    {
        questions = millisecond == Environment.TickCount64 ? questions + 1 : 0;
        millisecond = Environment.TickCount64;
        if (questions < Loop)
        {
            return base.GetUtcNow();
        }

        questions = 0; // one such answer ends the loop; whoever asks next on this thread gets the time
        return base.GetUtcNow().AddMilliseconds(1);
    }
}
