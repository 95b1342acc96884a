using CapOrleans.Api.Operations;
using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Tests.Api;

public sealed class ReadinessStatusTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("anchor", null, false, "ready")]
    [InlineData("anchor", 299, false, "ready")]
    [InlineData("anchor", 300, false, "degraded")]
    [InlineData("archive", 300, false, "degraded")]
    [InlineData("notify/1f0c22ab", 86400, false, "ready")]
    [InlineData("links", null, true, "degraded")]
    public void A_store_outage_of_five_minutes_and_a_contradiction_degrade_the_service(
        string consumer, int? failingSeconds, bool conflict, string status)
    {
        DateTimeOffset? since = failingSeconds is { } seconds ? Now - TimeSpan.FromSeconds(seconds) : null;
        var progress = new Progress(consumer, 1, 2, since is null ? null : "The node is away.", 0, conflict, FailingSince: since);
        Assert.Equal(status, ReadinessCheck.StatusOf([progress], Now));
        Assert.Equal(since is not null || conflict, ConsumerAdvice.Add(progress).Advice is not null);
    }
}
