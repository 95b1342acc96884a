using CapOrleans.Contracts.Anchors;
using CapOrleans.Grains.Anchors;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Grains.Anchors;

public sealed class PendingAnchorsTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(-600, true)]
    [InlineData(3_599, true)] // a clock may be slow
    [InlineData(3_601, false)]
    [InlineData(250_000_000_000, false)] // the year 9948, which no honest block would ever come after
    public async Task A_block_of_the_future_is_never_called_anchored(long secondsAhead, bool isTaken)
    {
        var pending = new PendingAnchors(time);
        pending.Add(new AnchorConfirmation(1, "0x1", "0x2", 7, 0, 3, new byte[32], 3, "0x3", 0));
        var seen = new AnchorStatus(AnchorDepth.Final, time.GetUtcNow().AddSeconds(secondsAhead));
        var taken = await pending.TakeFinalAsync(_ => Task.FromResult(seen));
        Assert.Equal((isTaken, isTaken), (taken is not null, pending.IsEmpty));
    }

    [Theory]
    [InlineData(0, 5, 2)]
    [InlineData(0, 9, 2)] // the contract has more, which must be searched for
    [InlineData(3, 5, 0)] // the first was recorded meanwhile, or never existed
    [InlineData(0, 4, 0)] // the contract has less
    public void Pending_anchors_are_kept_if_they_begin_where_the_log_s_anchors_end(long from, long to, int kept)
    {
        var pending = new PendingAnchors(time);
        pending.Add(new AnchorConfirmation(1, "0x1", "0x2", 7, 0, 3, new byte[32], 3, "0x3", 0));
        pending.Add(new AnchorConfirmation(1, "0x1", "0x4", 8, 3, 5, new byte[32], 5, "0x5", 0));
        Assert.Equal(kept > 0 ? 5L : null, pending.KeepWithin(from, to)?.To);
        Assert.Equal(kept, pending.All.Count);
    }

    [Fact]
    public async Task When_the_oldest_left_the_chain_none_is_pending_and_the_contract_is_queried()
    {
        var pending = new PendingAnchors(time);
        pending.Add(new AnchorConfirmation(1, "0x1", "0x2", 7, 0, 3, new byte[32], 3, "0x3", 0));
        pending.Add(new AnchorConfirmation(1, "0x1", "0x4", 8, 3, 5, new byte[32], 5, "0x5", 0));
        var gone = Task.FromResult(new AnchorStatus(AnchorDepth.Reorganised, default));
        var fault = await Assert.ThrowsAsync<OrleansException>(() => pending.TakeFinalAsync(_ => gone));
        Assert.Contains("Block 7 with transaction 0x2 was reorganised out of the chain", fault.Message, StringComparison.Ordinal);
        Assert.True(pending.IsEmpty);
    }
}
