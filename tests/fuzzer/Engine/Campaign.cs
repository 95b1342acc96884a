namespace CapOrleans.Fuzz.Engine;

/// <param name="Why">The fault, as it is printed.</param>
internal sealed record Finding(string Target, byte[] Input, string Why);

/// <summary>Tries inputs against one target, and keeps those that reached new code, for further mutation.</summary>
internal sealed class Campaign
{
    /// <summary>An input that takes longer counts as a hang.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    private readonly Target target;
    private readonly Coverage coverage = new();
    private readonly Mutator mutator;
    private readonly List<byte[]> corpus;
    private int seeded;

    public Campaign(Target target, Random random)
    {
        this.target = target;
        mutator = new Mutator(random, target.Tokens);
        corpus = [.. target.Seeds];
    }

    public long Inputs { get; private set; }

    public int Corpus => corpus.Count;

    /// <summary>The input in progress, for the watchdog.</summary>
    public byte[] Current { get; private set; } = [];

    public Target Target => target;

    /// <summary>Counts the coverage from now on for this target.</summary>
    public void Use() => coverage.Use();

    public int Edges => coverage.Reached;

    /// <summary>Tries the next input: the seeds first, unchanged, then mutations.</summary>
    /// <returns>Null when nothing failed.</returns>
    public Finding? Try()
    {
        var isSeed = seeded < target.Seeds.Count;
        Current = isSeed ? target.Seeds[seeded++] : mutator.Next(corpus);
        Inputs++;
        coverage.Clear();
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            target.Check(Current);
        }
        catch (Exception fault)
        {
            return new Finding(target.Name, Current, fault.ToString());
        }

        if (coverage.IsNew() && !isSeed)
        {
            corpus.Add(Current);
        }

        var took = TimeProvider.System.GetElapsedTime(started);
        return took <= TimeLimit ? null : new Finding(target.Name, Current, $"It took {took}.");
    }
}
