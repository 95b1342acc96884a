using CapOrleans.Gate.Spool;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Gate;

public sealed class RecentCountsTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task However_many_ask_it_is_counted_a_few_times_a_second()
    {
        var time = new FakeTimeProvider();
        var file = new SpoolFile(directory.File("spool.db"), time);
        using var spool = new IncidentSpool(
            file, new SpoolLimits(1_000_000, TimeSpan.FromDays(7)), time, NullLogger<IncidentSpool>.Instance);
        var counts = new RecentCounts(spool, time);
        Assert.Equal(0, counts.Read().Counts.Waiting);
        await spool.KeepAsync(new Arrival("X", "X", "I-1", "{}"u8.ToArray(), IsVouched: true));
        Assert.Equal(0, counts.Read().Counts.Waiting);
        time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal(1, counts.Read().Counts.Waiting);
    }
}
