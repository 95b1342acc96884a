using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Access;

namespace CapOrleans.Gate.Spool;

/// <summary>
/// What waits in the spool, counted a few times a second however many ask: of a million that wait, each count reads an index of them all.
/// While the disk cannot be read, it is what was counted last.
/// </summary>
internal sealed class RecentCounts(IncidentSpool spool, TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromMilliseconds(250);

    private readonly Lock gate = new();
    private SpoolCounts counts = new(0, 0, 0, null, 0, 0, 0);
    private string? error;
    private Task<(SpoolCounts? Counts, string? Error)>? counting;
    private long? countedAt;

    /// <returns>With what kept the disk from being read or written; null when nothing did.</returns>
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

    /// <summary>For a caller of the gate's own.</summary>
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
        // A disk that hangs keeps whoever asks waiting once, and not each of them.
        var wait = counting is null ? IncidentSpool.DiskTimeout : TimeSpan.Zero;
        counting ??= Task.Run(TryCount);
        if (!counting.Wait(wait))
        {
            error = $"It has not been read for {IncidentSpool.DiskTimeout.TotalSeconds:0} seconds.";
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
