using CapOrleans.Client;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.Heartbeats;

public sealed class HeartbeatRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly PrivateKey Key = PrivateKey.Create();
    private static readonly HeartbeatSchedule EveryHour = new(3600, null, null);

    [Fact]
    public void What_is_signed_has_every_member_and_its_signer_is_recovered()
    {
        Assert.Equal(
            "CapOrleans heartbeat|WEB-01|backup|failure|3|cron 0 3 * * *|Europe/Berlin|7200|high|2026-12-01T12:00:00.000Z",
            HeartbeatRules.SignedText(
                "WEB-01", "backup", HeartbeatEvent.Failure, 3, new(null, "0 3 * * *",
                    "Europe/Berlin"), 7200, "high", "2026-12-01T12:00:00.000Z"));
        Assert.Equal(
            "CapOrleans heartbeat|WEB-01|backup|success||every 3600||60|high|T",
            HeartbeatRules.SignedText("WEB-01", "backup", HeartbeatEvent.Success, null, EveryHour, 60, "high", "T"));
        var (heartbeat, _) = HeartbeatRules.Read("WEB-01", "backup", Signed(), Now);
        Assert.Equal(($"{Key.Address}", Now), (heartbeat!.Signer, heartbeat.SentAt));
        var (other, _) = HeartbeatRules.Read("WEB-01", "backup", Signed() with { ExitStatus = 0 }, Now);
        Assert.NotEqual($"{Key.Address}", other!.Signer); // it signs something else
    }

    [Theory]
    [InlineData("event")]
    [InlineData("exitStatus")]
    [InlineData("everySeconds")]
    [InlineData("cron")]
    [InlineData("timeZone")]
    [InlineData("graceSeconds")]
    [InlineData("severity")]
    [InlineData("timestamp")]
    [InlineData("signature")]
    public void A_wrong_member_is_named(string field)
    {
        var good = Signed();
        HeartbeatRequest[] wrong = field switch
        {
            "event" => [good with { Event = "Start" }, good with { Event = null }],
            "exitStatus" => [good with { ExitStatus = -1 }, good with { ExitStatus = 256 }],
            "everySeconds" => [good with { EverySeconds = 9 }, good with { EverySeconds = 31_536_001 }, good with { EverySeconds = null },
                good with { Cron = "* * * * *" }],
            "cron" => [Cron("* * * *"), Cron("61 * * * *"), Cron("* * * * * *"), Cron("0|3 * * * *"), Cron("")],
            "timeZone" => [Cron("0 3 * * *") with { TimeZone = "Mars/Olympus" }, good with { TimeZone = "UTC" }],
            "graceSeconds" => [good with { GraceSeconds = 9 }, good with { GraceSeconds = null }, good with { GraceSeconds = 604_801 }],
            "severity" => [good with { Severity = "bad" }],
            "timestamp" => [good with { Timestamp = "2026-12-01T12:05:01Z" }, good with { Timestamp = "2026-12-01T11:54:59Z" },
                good with { Timestamp = null }, good with { Timestamp = "now" }],
            _ => [good with { Signature = "0x12" }, good with { Signature = null }],
        };
        Assert.All(wrong, request => Assert.Equal(field, HeartbeatRules.Read("WEB-01", "backup", request, Now).Refusal?.Field));
        Assert.Equal("name", HeartbeatRules.Read("WEB-01", new string('a', 65), good, Now).Refusal?.Field);

        HeartbeatRequest Cron(string expression) => good with { EverySeconds = null, Cron = expression };
    }

    [Fact]
    public void The_next_one_is_due_after_its_period_and_grace_and_a_job_must_end_within_its_grace()
    {
        Assert.Equal(Now.AddSeconds(3660), Due(HeartbeatEvent.Success, EveryHour, null));
        Assert.Equal(Now.AddSeconds(60), Due(HeartbeatEvent.Start, EveryHour, null));
        Assert.Equal(Now.AddSeconds(5), Due(HeartbeatEvent.Start, EveryHour, Now.AddSeconds(5))); // it does not put off what is due
        Assert.Null(Due(HeartbeatEvent.Failure, EveryHour, Now));
        var atThree = new HeartbeatSchedule(null, "0 3 * * *", "Europe/Berlin");
        Assert.Equal(new DateTimeOffset(2026, 12, 2, 2, 1, 0, TimeSpan.Zero), Due(HeartbeatEvent.Success, atThree, null));
        Assert.Null(Due(HeartbeatEvent.Success, new(null, "0 0 30 2 *", null), null)); // never again
    }

    [Fact]
    public void A_change_of_clocks_moves_what_cron_expects()
    {
        var atThree = new HeartbeatSchedule(null, "30 2 * * *", "Europe/Berlin");
        var spring = HeartbeatRules.Next(atThree, new DateTimeOffset(2027, 3, 28, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal(new DateTimeOffset(2027, 3, 28, 1, 0, 0, TimeSpan.Zero), spring); // 02:30 does not exist: the moment of the change
    }

    private static DateTimeOffset? Due(HeartbeatEvent happened, HeartbeatSchedule schedule,
        DateTimeOffset? before) => HeartbeatRules.DueAfter(
        new SentHeartbeat("backup", happened, null, schedule, 60, "high", "", Now, "", ""), before, Now);

    private static HeartbeatRequest Signed() =>
        HeartbeatSigner.Sign("WEB-01", "backup", HeartbeatEvent.Success, null, EveryHour, 60, "high", Key, Now);
}
