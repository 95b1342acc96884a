using CapOrleans.HttpEdge.Limits;
using CapOrleans.HttpEdge.Logging;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.HttpEdge.Limits;

public sealed class LogThrottleTests
{
    [Fact]
    public void One_message_in_a_second_says_how_many_there_were()
    {
        var time = new FakeTimeProvider();
        var throttle = new LogThrottle(time);
        Assert.Equal(1, throttle.Take());
        Assert.Equal(0, throttle.Take());
        Assert.Equal(0, throttle.Take(5));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(7, throttle.Take());
        Assert.Equal(0, throttle.Take());
    }
}
