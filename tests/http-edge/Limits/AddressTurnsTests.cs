using System.Net;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Tests.HttpEdge.Limits;

public sealed class AddressTurnsTests
{
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1"), Other = IPAddress.Parse("192.0.2.2");

    private readonly AddressTurns turns = new();

    [Fact]
    public async Task Calls_beyond_the_limit_wait_for_earlier_ones_and_other_addresses_do_not()
    {
        var running = new List<IDisposable>();
        for (var i = 0; i < AddressTurns.AtOnce; i++)
        {
            running.Add(await turns.EnterAsync(One, default));
        }

        var (first, second) = (turns.EnterAsync(One, default).AsTask(), turns.EnterAsync(One, default).AsTask());
        (await turns.EnterAsync(Other, default)).Dispose();
        Assert.False(first.IsCompleted || second.IsCompleted);
        running[0].Dispose();
        running[0].Dispose(); // a second disposal has no effect
        await first;
        Assert.False(second.IsCompleted);
        running[1].Dispose();
        await second;
    }

    [Fact]
    public async Task A_caller_that_has_left_blocks_no_one()
    {
        var running = new List<IDisposable>();
        for (var i = 0; i < AddressTurns.AtOnce; i++)
        {
            running.Add(await turns.EnterAsync(One, default));
        }

        using var leaves = new CancellationTokenSource();
        var (gone, next) = (turns.EnterAsync(One, leaves.Token).AsTask(), turns.EnterAsync(One, default).AsTask());
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        running[0].Dispose();
        await next;
    }

    [Fact]
    public async Task An_address_whose_calls_are_done_starts_afresh()
    {
        for (var i = 0; i < 10 * AddressTurns.AtOnce; i++)
        {
            (await turns.EnterAsync(One, default)).Dispose();
        }

        Assert.True(turns.EnterAsync(One, default).AsTask().IsCompleted);
    }
}
