namespace CapOrleans.Bench.Chaos;

/// <summary>A temporary fault.</summary>
/// <param name="Length">How long the fault lasts.</param>
internal sealed record Fault(string Name, TimeSpan Length, Func<Task> BeginAsync, Func<Task> EndAsync);

/// <param name="LongestGap">
/// Longest time without an acceptance in any one log, during the fault and the recovery.
/// </param>
internal sealed record FaultOutcome(string Fault, TimeSpan LongestGap);
