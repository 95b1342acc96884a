namespace CapOrleans.Bench.Chaos;

/// <param name="AtLeast">
/// Minimum duration; the run goes on until each fault has occurred <paramref name="Rounds"/> times.
/// </param>
/// <param name="Rounds">Minimum number of times that each fault occurs.</param>
/// <param name="Freeze">How long a silo is frozen, so that it is declared dead and comes back.</param>
/// <param name="Other">How long every other fault lasts.</param>
/// <param name="Settle">Pause between two faults.</param>
/// <param name="ClockStep">By how much a silo's clock is moved: what it sets to be due meanwhile may be that late.</param>
/// <param name="PerSecond">Incidents sent per second.</param>
public sealed record ChaosPlan(
    TimeSpan AtLeast, int Rounds, TimeSpan Freeze, TimeSpan Other, TimeSpan Settle, TimeSpan ClockStep, double PerSecond, int DiskMegabytes)
{
    public static ChaosPlan ForAtLeast(TimeSpan atLeast) => new(
        atLeast, 5, TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(3.5), TimeSpan.FromMinutes(3), 200, 4096);

    /// <summary>Each fault once, in under a minute.</summary>
    public static ChaosPlan EachOnce { get; } = new(
        TimeSpan.Zero, 1, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(45), 100, 1024);
}

/// <param name="Findings">Findings of the checker, and every wrong answer; empty when all promises were kept.</param>
/// <param name="Missing">Faults that are not possible on this machine, and why.</param>
public sealed record ChaosResult(
    IReadOnlyList<string> Findings, IReadOnlyList<string> Missing, IReadOnlyDictionary<string, int> Suffered, int Promised, int Refused, long Entries, string Transcript);
