using CapOrleans.Contracts.Gates;

namespace CapOrleans.Gate.Spool;

/// <summary>
/// What waits in the spool, counted a few times a second however many ask: of a million that wait, each count reads an index of them all.
/// </summary>
internal sealed class RecentCounts(IncidentSpool spool, TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromMilliseconds(250);

    private readonly Lock gate = new();
    private (SpoolCounts Counts, long At)? last;

    public SpoolCounts Read()
    {
        lock (gate)
        {
            if (last is not { } known || time.GetElapsedTime(known.At) >= Age)
            {
                last = (spool.Count(), time.GetTimestamp());
            }

            return last.Value.Counts;
        }
    }
}
