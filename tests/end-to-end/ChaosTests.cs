using CapOrleans.Bench.Chaos;

namespace CapOrleans.Tests.EndToEnd;

/// <summary>The short form of <c>./bench.sh chaos</c>: every fault that this machine allows, once.</summary>
[Collection(PostgresCollection.Name)] // not in parallel with another cluster of processes: on two cores they starve each other
public sealed class ChaosTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Whatever_breaks_under_load_every_promise_is_kept_once()
    {
        await using var run = new ChaosRun(ChaosPlan.EachOnce, directory.Path, TextWriter.Null);
        var result = await run.RunAsync();
        Assert.True(result.Findings.Count == 0, $"{string.Join('\n', result.Findings)}\n{result.Transcript}");
        Assert.True(result.Promised > 200, result.Transcript);
        Assert.Contains("the database crashes", result.Suffered.Keys);
        Assert.Equal(8, result.Suffered.Count + (result.Missing.Count(line => line.Contains("root", StringComparison.Ordinal)) * 3) + result.Missing.Count(line => line.Contains("libfaketime", StringComparison.Ordinal)));
    }
}
