
namespace CapOrleans.HttpEdge.Logging;

/// <summary>Lets one message of a kind through per second, so that a flood cannot fill the disk.</summary>
public sealed class LogThrottle(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private long pending;
    private long? writtenAt;

    /// <param name="count">Number of events to report.</param>
    /// <returns>Events since the last message; 0 when none is to be written now.</returns>
    public long Take(long count = 1)
    {
        lock (gate)
        {
            pending += count;
            if (writtenAt is { } last && time.GetElapsedTime(last) < Interval)
            {
                return 0;
            }

            (var all, pending, writtenAt) = (pending, 0, time.GetTimestamp());
            return all;
        }
    }
}
