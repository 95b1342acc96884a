using CapOrleans.Gate.Keys;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Gate.Keys;

public sealed class LookupHealthTests
{
    private readonly FakeTimeProvider time = new();
    private readonly LookupHealth health;

    public LookupHealthTests() => health = new LookupHealth(time);

    [Fact]
    public void Many_failures_at_once_are_no_outage_and_neither_are_two_that_lie_apart()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.False(health.Fail("late"));
        }

        health.Succeed();
        Assert.False(health.Fail("late"));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(health.Fail("late"));
        Assert.True(health.Fail("late"));
    }

    [Fact]
    public void A_success_between_begins_the_count_again()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.False(health.Fail("late"));
            Assert.False(health.Fail("late"));
            time.Advance(LookupHealth.OutageAfter);
            health.Succeed();
        }
    }

    [Fact]
    public void While_paused_one_look_up_is_let_through_every_five_seconds()
    {
        Assert.False(health.TryProbe());
        health.RecordRefused("401");
        Assert.False(health.TryProbe());
        time.Advance(LookupHealth.ProbeInterval);
        Assert.True(health.TryProbe());
        Assert.False(health.TryProbe());
        time.Advance(LookupHealth.ProbeInterval);
        Assert.True(health.TryProbe());
        health.Succeed();
        Assert.False(health.IsPaused);
        Assert.Null(health.LastError);
    }
}
