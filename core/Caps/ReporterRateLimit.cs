namespace CapOrleans.Core.Caps;

/// <summary>
/// Rate limit of each reporter of one CapID: a burst of a minute's worth, then evenly (the generic cell rate algorithm,
/// one number per reporter). Only reports count that are new and signed by a key of the CapID, so that no third party
/// can use up a reporter's limit: a signed incident is not secret, and anyone who has it can replay it.
/// </summary>
public sealed class ReporterRateLimit(TimeProvider time)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, TimeSpan> spent = new(StringComparer.Ordinal);
    private readonly long start = time.GetTimestamp();

    /// <summary>
    /// Returns what a report counts as: one for each KiB begun, and never more than a minute's worth.
    /// </summary>
    public static int Units(int bytes, int perMinute) => Math.Min(perMinute, (Math.Max(1, bytes) + 1023) / 1024);

    /// <summary>
    /// Whether more than half is spent: possible duplicates are then looked up before they count,
    /// so that replays spend nothing.
    /// </summary>
    public bool IsMostlySpent(string reporter, int perMinute, int units = 1) =>
        spent.GetValueOrDefault(reporter) + Cost(perMinute, units) > time.GetElapsedTime(start) + (Minute / 2);

    /// <summary>Refunds a report that was counted and turned out to be a duplicate.</summary>
    public void Refund(string reporter, int perMinute, int units = 1) =>
        spent[reporter] = spent.GetValueOrDefault(reporter) - Cost(perMinute, units);

    /// <param name="reporter">The signer's address; empty for reports without a signature,
    /// which share one limit.</param>
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
