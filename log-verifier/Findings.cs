namespace CapOrleans.LogVerifier;

/// <summary>
/// What is wrong with a log, one sentence each. If everything is wrong, there are as many findings as entries, so only
/// the first thousand are kept.
/// </summary>
internal sealed class Findings(int log)
{
    private const int MaxKept = 1000;

    private readonly List<string> first = [];
    private long omitted;

    public IReadOnlyList<string> All => omitted == 0 ? first : [.. first, $"Log {log}: {omitted} more findings."];

    public void Add(string what)
    {
        if (first.Count < MaxKept)
        {
            first.Add($"Log {log}: {what}");
        }
        else
        {
            omitted++;
        }
    }

    public void AddFor(long index, string what) => Add($"entry {index} {what}");
}
