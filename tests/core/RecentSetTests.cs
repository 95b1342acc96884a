using CapOrleans.Core;

namespace CapOrleans.Tests.Core;

public sealed class RecentSetTests
{
    [Fact]
    public void The_oldest_is_dropped_first_and_a_repeated_one_keeps_its_place()
    {
        var recent = new RecentSet<string>(2);
        Assert.True(recent.Add("A"));
        Assert.True(recent.Add("B"));
        Assert.False(recent.Add("A"));
        Assert.True(recent.Add("C"));
        Assert.False(recent.Add("B"));
        recent.Remove("B");
        Assert.Equal([false, true, true], ((string[])["C", "A", "B"]).Select(recent.Add));
    }
}
