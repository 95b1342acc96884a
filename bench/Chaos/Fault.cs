namespace CapOrleans.Bench.Chaos;

/// <summary>Something that goes wrong for a while.</summary>
/// <param name="Length">From the beginning to the end of it.</param>
internal sealed record Fault(string Name, TimeSpan Length, Func<Task> BeginAsync, Func<Task> EndAsync);

/// <param name="LongestGap">Longest time without an acceptance in one of the logs, while it lasted and while all recovered.</param>
internal sealed record Suffered(string Fault, TimeSpan LongestGap);
