using CapOrleans.Contracts.Gates;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Gates;

/// <summary>A gate as the cluster sees it.</summary>
/// <param name="heardAt">Timestamp, not a time of day: clocks are set.</param>
internal sealed class Presence(KnownGate known, long heardAt)
{
    public KnownGate Known => known;

    public string Offset => $"gate/{known.Name}";

    /// <summary>How often the log has spoken of this gate: it joins first, falls silent, joins again. Null until it was read.</summary>
    public long? Turn { get; set; }

    public bool HasJoined => Turn % 2 == 1;

    public GateHeartbeat? Last { get; private set; }

    public long HeardAt { get; private set; } = heardAt;

    public DateTimeOffset? LastHeardAt { get; private set; }

    /// <summary>One that comes and goes all the time does not fill the log.</summary>
    public ChangeRate Changes { get; } = new(ClusterLimits.GateChangesPerHour, TimeSpan.FromHours(1));

    public void Hear(GateHeartbeat heartbeat, DateTimeOffset now, long timestamp) => (Last, LastHeardAt, HeardAt) = (heartbeat, now, timestamp);
}

/// <summary>So many within any such time.</summary>
internal sealed class ChangeRate(int most, TimeSpan within)
{
    private readonly Queue<long> taken = new();

    public bool TryTake(TimeProvider time)
    {
        while (taken.TryPeek(out var first) && time.GetElapsedTime(first) > within)
        {
            taken.Dequeue();
        }

        if (taken.Count >= most)
        {
            return false;
        }

        taken.Enqueue(time.GetTimestamp());
        return true;
    }
}
