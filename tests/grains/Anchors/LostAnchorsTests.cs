using CapOrleans.Contracts.Anchors;
using CapOrleans.Grains.Anchors;

namespace CapOrleans.Tests.Grains.Anchors;

/// <summary>
/// When a contract that has less than the log has lost anchors: never because of what a lagging node may report.
/// </summary>
public sealed class LostAnchorsTests
{
    private const string Ours = "0xaa", Other = "0xbb";

    private static readonly DateTimeOffset At = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private static readonly LoggedAnchor Logged = new(5, 100, Ours, At, 1, "0x1");

    private readonly LostAnchors lost = new();

    [Fact]
    public async Task Another_block_at_its_height_counts_once_it_was_seen_three_times_in_a_row()
    {
        Assert.Equal([false, false, true, true], await LookAsync(110, Other, Other, Other, Other));
    }

    [Fact]
    public async Task Seeing_the_block_itself_restarts_the_count()
    {
        Assert.Equal([false, false, false, false, false, true], await LookAsync(110, Other, Other, Ours, Other, Other, Other));
    }

    [Fact]
    public async Task A_node_that_has_the_block_never_proves_a_loss_whatever_its_contract_says()
    {
        Assert.All(await LookAsync(110, [.. Enumerable.Repeat(Ours, 10)]), Assert.False);
    }

    [Theory]
    [InlineData(-1, false)] // the node lags
    [InlineData(0, true)] // block times only grow, so it has another history
    [InlineData(60, true)]
    public async Task A_node_that_has_not_reached_the_block_lags_if_its_newest_one_is_older(int seconds, bool isLost)
    {
        var looks = new List<bool>();
        for (var look = 0; look < LostAnchors.RequiredChecks; look++)
        {
            var position = new ContractPosition(1, "0x1", 0, 90, At.AddSeconds(seconds));
            looks.Add(await lost.IsLossConfirmedAsync(position, Logged, _ => throw new InvalidOperationException("It has none.")));
        }

        Assert.Equal(isLost, looks[^1]);
        Assert.All(looks[..^1], Assert.False);
    }

    [Fact]
    public async Task Another_contract_has_none_of_the_logged_anchors()
    {
        Assert.True(await lost.IsLossConfirmedAsync(new ContractPosition(1, "0x2", 0, 110, At), Logged,
            _ => Task.FromResult<string?>(Ours)));
    }

    private async Task<List<bool>> LookAsync(long block, params string[] hashes)
    {
        var looks = new List<bool>();
        foreach (var hash in hashes)
        {
            var position = new ContractPosition(1, "0x1", 0, block, At.AddMinutes(9));
            looks.Add(await lost.IsLossConfirmedAsync(position, Logged, _ => Task.FromResult<string?>(hash)));
        }

        return looks;
    }
}
