namespace CapOrleans.Core.Caps;

/// <summary>
/// How fast each reporter of one CapID may speak: a minute's worth at once, then evenly (the generic cell rate algorithm, one number
/// for each reporter). It counts what is new and signed by a key of the CapID, so that no stranger can use up a reporter's share: a signed
/// incident is no secret, and whoever has one can send it again.
/// </summary>
public sealed class ReporterRateLimit(TimeProvider time)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, TimeSpan> spent = new(StringComparer.Ordinal);
    private readonly long start = time.GetTimestamp();

    /// <summary>What a report counts as: one for each KiB that is begun, and never more than a minute's worth.</summary>
    public static int Units(int bytes, int perMinute) => Math.Min(perMinute, (Math.Max(1, bytes) + 1023) / 1024);

    /// <summary>More than half is spent: what may be a duplicate is looked up before it counts, so that replays spend nothing.</summary>
    public bool IsTight(string reporter, int perMinute, int units = 1) =>
        spent.GetValueOrDefault(reporter) + Cost(perMinute, units) > time.GetElapsedTime(start) + (Minute / 2);

    /// <summary>What was counted turned out to be nothing new.</summary>
    public void GiveBack(string reporter, int perMinute, int units = 1) =>
        spent[reporter] = spent.GetValueOrDefault(reporter) - Cost(perMinute, units);

    /// <param name="reporter">The signer's address; empty for reports without a signature, which share one limit.</param>
    /// <returns>How long the reporter must wait; null when its report counts now.</returns>
    public TimeSpan? Wait(string reporter, int perMinute, int units = 1)
    {
        var now = time.GetElapsedTime(start);
        var until = spent.GetValueOrDefault(reporter);
        var next = (until > now ? until : now) + Cost(perMinute, units);
        if (next > now + Minute)
        {
            return next - now - Minute;
        }

        spent[reporter] = next;
        return null;
    }

    private static TimeSpan Cost(int perMinute, int units) => Minute / perMinute * units;
}
