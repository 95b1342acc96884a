using CapOrleans.Fuzz;
using CapOrleans.Fuzz.Engine;

namespace CapOrleans.Tests.Fuzz;

/// <summary>
/// The short form of <c>./fuzz.sh</c>, without coverage guidance: the same targets, and always the same inputs.
/// </summary>
public sealed class FuzzTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Whatever_a_stranger_sends_every_parser_keeps_its_promise()
    {
        using var story = new StringWriter();
        Assert.True(new FuzzRun(1, directory.File("findings"), story).Run(30_000, TimeSpan.FromMinutes(2)).Count == 0, story.ToString());
        Assert.Contains("chain-answer", story.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_promise_is_found_and_its_input_is_printed()
    {
        var target = new Target("planted", ["hello"u8.ToArray()], ["!"u8.ToArray()], input =>
            DisagreementException.Unless(!input.AsSpan().EndsWith("o!"u8), "There is no joy."));
        var campaign = new Campaign(target, new Random(1));
        var finding = Enumerable.Range(0, 10_000).Select(_ => campaign.Try()).First(found => found is not null)!;
        Assert.True(finding.Input.AsSpan().EndsWith("o!"u8));
        Assert.Contains("There is no joy.", finding.Why, StringComparison.Ordinal);
    }
}
