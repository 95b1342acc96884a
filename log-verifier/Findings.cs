namespace CapOrleans.LogVerifier;

/// <summary>
/// What is wrong with a log, one sentence each. If everything is wrong, there are as many findings as entries, so only
/// the first thousand are kept.
/// </summary>
internal sealed class Findings(int log)
{
    private const int MaxKept = 1000;

    private readonly List<string> kept = [];
    private long more;

    public IReadOnlyList<string> All => more == 0 ? kept : [.. kept, $"Log {log}: {more} more findings."];

    public void Add(string what)
    {
        if (kept.Count < MaxKept)
        {
            kept.Add($"Log {log}: {what}");
        }
        else
        {
            more++;
        }
    }

    public void AddFor(long index, string what) => Add($"entry {index} {what}");
}
