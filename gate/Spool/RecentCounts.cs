using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Access;

namespace CapOrleans.Gate.Spool;

/// <summary>
/// Counts of the spool, taken at most a few times a second however many callers ask: with a million incidents waiting,
/// each count reads an index of them all. While the disk cannot be read, the last counts are returned.
/// </summary>
internal sealed class RecentCounts(IncidentSpool spool, TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromMilliseconds(250);

    private readonly Lock gate = new();
    private SpoolCounts counts = new(0, 0, 0, null, 0, 0, 0);
    private string? error;
    private Task<(SpoolCounts? Counts, string? Error)>? counting;
    private long? countedAt;

    /// <returns>The counts, and why the disk could not be read or written; null when it could.</returns>
    public (SpoolCounts Counts, string? Error) Read()
    {
        lock (gate)
        {
            if (countedAt is not { } at || time.GetElapsedTime(at) >= Age)
            {
                CountNow();
                countedAt = time.GetTimestamp();
            }

            return (counts, error ?? spool.LastError);
        }
    }

    /// <summary>Counts now, for a caller within the gate.</summary>
    public SpoolCounts Count()
    {
        lock (gate)
        {
            CountNow();
            return counts;
        }
    }

    private void CountNow()
    {
        // A disk that hangs keeps one caller waiting, not every one.
        var wait = counting is null ? IncidentSpool.DiskTimeout : TimeSpan.Zero;
        counting ??= Task.Run(TryCount);
        if (!counting.Wait(wait))
        {
            error = $"The disk has not completed a read for {IncidentSpool.DiskTimeout.TotalSeconds:0} seconds.";
            return;
        }

        (counts, error) = (counting.Result.Counts ?? counts, counting.Result.Error);
        counting = null;
    }

    private (SpoolCounts? Counts, string? Error) TryCount()
    {
        try
        {
            return (spool.Count(), null);
        }
        catch (Exception fault) when (SpoolFault.Is(fault))
        {
            return (null, OneLine.Of(fault.Message));
        }
    }
}
