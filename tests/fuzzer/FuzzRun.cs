using System.Globalization;
using CapOrleans.Fuzz.Engine;
using CapOrleans.Fuzz.Targets;

namespace CapOrleans.Fuzz;

/// <summary>Runs the targets in turn, with an equal number of inputs each.</summary>
/// <param name="folder">Where an input that failed is saved, to be tried again.</param>
internal sealed class FuzzRun(int seed, string folder, TextWriter output)
{
    /// <summary>Inputs to one target per turn.</summary>
    private const int Turn = 50;

    /// <summary>A target with this many findings is skipped from then on.</summary>
    private const int MaxFindings = 5;

    private readonly List<Finding> findings = [];

    /// <returns>What failed.</returns>
    public IReadOnlyList<Finding> Run(long inputs, TimeSpan atMost)
    {
        new Coverage().Use(); // instrumented code needs a coverage buffer before it can run
        var campaigns = AllTargets.List.Select((target, number) => new Campaign(target, new Random(seed + (1000 * number)))).ToList();
        var started = TimeProvider.System.GetTimestamp();
        var done = 0L;
        using var watch = new Watch();
        while (done < inputs && TimeProvider.System.GetElapsedTime(started) < atMost)
        {
            foreach (var campaign in campaigns.Where(campaign => findings.Count(finding => finding.Target == campaign.Target.Name) < MaxFindings))
            {
                watch.Look(campaign);
                campaign.Use();
                for (var i = 0; i < Turn; i++, done++)
                {
                    if (campaign.Try() is { } finding)
                    {
                        Keep(finding);
                    }
                }
            }
        }

        var took = TimeProvider.System.GetElapsedTime(started);
        foreach (var campaign in campaigns)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{campaign.Target.Name,-16} {campaign.Inputs,10} inputs  {campaign.Corpus,5} kept  {campaign.Edges,6} edges"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} inputs in {took.TotalSeconds:0} s, {done / took.TotalSeconds:0} per second, seed {seed}: {findings.Count} findings"));
        return findings;
    }

    private void Keep(Finding finding)
    {
        findings.Add(finding);
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, $"{finding.Target}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(finding.Input).AsSpan(0, 4))}");
        File.WriteAllBytes(file, finding.Input);
        output.WriteLine($"{finding.Target}: {finding.Why}\n  input: {file}");
    }
}
