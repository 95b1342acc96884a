namespace CapOrleans.Bench.Chaos;

/// <param name="AtLeast">It goes on at least this long, and until every fault was suffered <paramref name="Rounds"/> times.</param>
/// <param name="Rounds">Of all faults.</param>
/// <param name="Freeze">How long a silo stands still, so that it is declared dead and comes back.</param>
/// <param name="Other">How long every other fault lasts.</param>
/// <param name="Settle">Between two faults.</param>
/// <param name="PerSecond">Incidents sent.</param>
public sealed record ChaosPlan(TimeSpan AtLeast, int Rounds, TimeSpan Freeze, TimeSpan Other, TimeSpan Settle, double PerSecond, int DiskMegabytes)
{
    public static ChaosPlan ForAtLeast(TimeSpan atLeast) => new(
        atLeast, 5, TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(3.5), 200, 4096);

    /// <summary>Each fault once, in under a minute.</summary>
    public static ChaosPlan EachOnce { get; } = new(
        TimeSpan.Zero, 1, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(1.5), 100, 1024);
}

/// <param name="Findings">What the checker found, and every wrong answer; empty when all promises were kept.</param>
/// <param name="Missing">Faults that this machine does not allow, and why.</param>
public sealed record ChaosResult(
    IReadOnlyList<string> Findings, IReadOnlyList<string> Missing, IReadOnlyDictionary<string, int> Suffered, int Promised, int Refused, long Entries, string Story);
