using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Gates;

/// <summary>A gate as the cluster sees it.</summary>
/// <param name="heardAt">A monotonic timestamp, because clocks can be set.</param>
internal sealed class Presence(KnownGate known, long heardAt)
{
    public KnownGate Known => known;

    /// <summary>What the log last recorded about it; null until that was read.</summary>
    public LoggedPresence? Logged { get; set; }

    public GateHeartbeat? Last { get; private set; }

    public long HeardAt { get; private set; } = heardAt;

    public DateTimeOffset? LastHeardAt { get; private set; }

    /// <summary>Bounds the logged changes, so that a gate that keeps coming and going does not fill the log.</summary>
    public SlidingWindowLimit Changes { get; } = new(ClusterLimits.GateChangesPerHour, TimeSpan.FromHours(1));

    public void Record(GateHeartbeat heartbeat, DateTimeOffset now, long timestamp) => (Last, LastHeardAt, HeardAt) = (heartbeat, now, timestamp);
}

/// <summary>
/// How often the log has recorded that a gate joined, and that it left, which means that it fell silent or lost its
/// name. Each count is an offset that moves with its entry.
/// </summary>
internal sealed record LoggedPresence(string Gate, long Joined, long Left)
{
    /// <summary>Whether the gate's last logged change is that it joined.</summary>
    public bool IsJoined => Joined > Left;

    public static async Task<LoggedPresence> ReadAsync(IAuditLogReader log, int number, string gate) => new(
        gate, await log.PositionAsync(number, JoinedOffset(gate), CancellationToken.None), await log.PositionAsync(number, LeftOffset(gate), CancellationToken.None));

    public (LoggedPresence After, OffsetCommit Offset) Join() => (this with { Joined = Joined + 1 }, new OffsetCommit(JoinedOffset(Gate), Joined, Joined + 1));

    public (LoggedPresence After, OffsetCommit Offset) Leave() => (this with { Left = Left + 1 }, new OffsetCommit(LeftOffset(Gate), Left, Left + 1));

    private static string JoinedOffset(string gate) => $"gate/{gate}/joined";

    private static string LeftOffset(string gate) => $"gate/{gate}/left";
}

/// <summary>A rate limit over a sliding window.</summary>
internal sealed class SlidingWindowLimit(int most, TimeSpan within)
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
