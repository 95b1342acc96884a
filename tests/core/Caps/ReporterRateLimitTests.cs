using CapOrleans.Core.Caps;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Core.Caps;

public sealed class ReporterRateLimitTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void A_minute_s_worth_may_come_at_once_and_then_one_each_step()
    {
        var limit = new ReporterRateLimit(time);
        Assert.All(Enumerable.Range(0, 30), _ => Assert.Null(limit.Wait("a", 30)));
        Assert.Equal(TimeSpan.FromSeconds(2), limit.Wait("a", 30));
        Assert.Null(limit.Wait("b", 30)); // each reporter has a limit of its own
        time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(TimeSpan.FromSeconds(0.5), limit.Wait("a", 30)); // a refused call costs nothing
        time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Null(limit.Wait("a", 30));
        Assert.NotNull(limit.Wait("a", 30));
    }

    [Fact]
    public void What_turns_out_to_be_a_duplicate_is_given_back()
    {
        var limit = new ReporterRateLimit(time);
        for (var i = 0; i < 1000; i++)
        {
            Assert.Null(limit.Wait("a", 2));
            limit.Refund("a", 2);
        }

        Assert.Null(limit.Wait("a", 2));
        Assert.True(limit.IsMostlySpent("a", 2)); // half is spent
        Assert.Null(limit.Wait("a", 2));
        Assert.NotNull(limit.Wait("a", 2));
    }

    [Fact]
    public void A_long_report_counts_as_one_for_each_KiB_and_never_as_more_than_a_minute_holds()
    {
        Assert.Equal([1, 1, 2, 64, 3], [
            ReporterRateLimit.Units(0, 30), ReporterRateLimit.Units(1024, 30), ReporterRateLimit.Units(1025, 30),
            ReporterRateLimit.Units(65_536, 6000), ReporterRateLimit.Units(65_536, 3)]);
        var limit = new ReporterRateLimit(time);
        Assert.Null(limit.Wait("a", 30, units: 29));
        Assert.Equal(TimeSpan.FromSeconds(2), limit.Wait("a", 30, units: 2));
        limit.Refund("a", 30, units: 29);
        Assert.Null(limit.Wait("a", 30, units: 30));
        Assert.NotNull(limit.Wait("a", 30));
    }

    /// <summary>
    /// Whatever the pauses, any interval admits at most one minute's worth plus what the rate allows for its length.
    /// </summary>
    [Fact]
    public void No_interval_admits_more_than_its_share() =>
        Gen.Select(Gen.Int[1, 600], Gen.Int[0, 4000].Array[1, 400]).Sample((perMinute, pauses) =>
        {
            var clock = new FakeTimeProvider();
            var limit = new ReporterRateLimit(clock);
            var (start, counted) = (clock.GetTimestamp(), new List<TimeSpan>());
            foreach (var pause in pauses)
            {
                clock.Advance(TimeSpan.FromMilliseconds(pause));
                if (limit.Wait("a", perMinute) is null)
                {
                    counted.Add(clock.GetElapsedTime(start));
                }
            }

            return Enumerable.Range(0, counted.Count).All(from => Enumerable.Range(from, counted.Count - from).All(to =>
                to - from + 1 <= perMinute + ((counted[to] - counted[from]).TotalMinutes * perMinute) + 0.001));
        }, iter: 50);
}
