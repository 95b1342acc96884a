using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Support;

public sealed class SiloTimeTests
{
    [Fact]
    public async Task A_wait_for_a_fraction_of_a_millisecond_ends_although_the_clock_stands_still()
    {
        FakeTimeProvider time = new SiloTime();
        var until = time.GetUtcNow().AddTicks(9999);
        while (until - time.GetUtcNow() is { Ticks: > 0 } left) // as Orleans waits
        {
            await Task.Delay(left, time);
        }

        Assert.Equal(until.AddTicks(-9999), time.GetUtcNow()); // and the next to ask gets the time again
    }

    [Fact]
    public void A_clock_that_is_not_moved_stands_still()
    {
        var time = new SiloTime();
        var now = time.GetUtcNow();
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(now, time.GetUtcNow()));
    }
}
