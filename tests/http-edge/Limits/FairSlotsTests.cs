using System.Net;
using CapOrleans.HttpEdge.Limits;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.HttpEdge.Limits;

public sealed class FairSlotsTests
{
    private const int Most = 8, MostEach = 4;

    private readonly FakeTimeProvider time = new();
    private readonly FairSlots slots;
    private readonly List<string> gaveWay = [];

    public FairSlotsTests() => slots = new FairSlots(Most, MostEach, time);

    [Fact]
    public void A_large_holder_gives_up_a_slot_immediately_for_one_that_holds_none()
    {
        Fill("10.0.0.1", "10.0.0.2");
        Assert.NotNull(Take("10.0.0.3"));
        Assert.Equal(["10.0.0.1"], gaveWay);
        Assert.Null(Take("10.0.0.1")); // it still has about as many as any other, and takes none back
    }

    [Fact]
    public void However_often_they_return_few_addresses_keep_no_one_out()
    {
        Fill("10.0.0.1", "10.0.0.2");
        for (var i = 0; i < 100; i++)
        {
            using (Take("10.0.0.3") ?? throw new InvalidOperationException("Kept out."))
            {
                Take("10.0.0.1");
                Take("10.0.0.2");
            }

            Take(gaveWay[^1]);
        }
    }

    [Fact]
    public void If_everyone_holds_one_the_oldest_gives_way_once_it_is_overdue()
    {
        for (var i = 0; i < Most; i++)
        {
            Take($"10.0.0.{i}");
        }

        Assert.Null(Take("10.0.1.1"));
        time.Advance(FairSlots.OverdueAfter + TimeSpan.FromMilliseconds(1));
        Assert.NotNull(Take("10.0.1.1"));
        Assert.Single(gaveWay);
    }

    [Fact]
    public void An_address_that_has_all_of_its_places_takes_its_own_overdue_one()
    {
        for (var i = 0; i < MostEach; i++)
        {
            Take("10.0.0.1");
        }

        Assert.Null(Take("10.0.0.1"));
        time.Advance(FairSlots.OverdueAfter + TimeSpan.FromMilliseconds(1));
        Assert.NotNull(Take("10.0.0.1"));
        Assert.Equal(["10.0.0.1"], gaveWay);
    }

    [Fact]
    public void A_holder_that_gave_way_is_notified_and_frees_its_slot_only_once()
    {
        var first = Take("10.0.0.1")!;
        for (var i = 1; i < MostEach; i++)
        {
            Take("10.0.0.1");
        }

        Fill("10.0.0.2");
        Take("10.0.0.3");
        Assert.False(first.IsHeld);
        first.Dispose();
        Assert.Null(Take("10.0.0.2"));
    }

    private void Fill(params string[] addresses)
    {
        foreach (var address in addresses)
        {
            for (var i = 0; i < MostEach; i++)
            {
                Assert.NotNull(Take(address));
            }
        }
    }

    private FairSlots.Slot? Take(string address) => slots.TryTake(IPAddress.Parse(address), () => gaveWay.Add(address));
}
