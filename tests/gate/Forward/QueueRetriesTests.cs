using CapOrleans.Gate.Forward;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Gate.Forward;

public sealed class QueueRetriesTests
{
    [Fact]
    public void After_one_failure_nothing_that_stepped_aside_is_due_for_a_second()
    {
        var time = new FakeTimeProvider();
        var retries = new QueueRetries(time, TimeSpan.FromSeconds(15));
        retries.Restore("X#1");
        retries.Restore("X#2");
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(2, retries.Due(10).Count);
        retries.PauseAsides();
        Assert.Empty(retries.Due(10));
        Assert.Equal(time.GetUtcNow().AddSeconds(1), retries.NextDue); // so that a waiter does not poll before then
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, retries.Due(10).Count);
    }
}
