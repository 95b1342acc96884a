using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Tests.Core.Webhooks;

public sealed class DeliveryScheduleTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 30, 0, 0, 0, TimeSpan.Zero);

    private static readonly DeliveryOutcome Fails = new(DeliveryFault.Status, 500);

    [Fact]
    public void Of_an_answer_the_beginning_is_kept_in_one_line_however_much_a_receiver_says()
    {
        var outcome = Fails with { Answer = $"554\r\n\u0000\u001b[2J no {new string('x', 100_000)}" };
        var kept = DeliverySchedule.AfterAttempt(Row(), outcome, Start, jitter: 0.5).Attempts[0].Answer!;
        Assert.Equal(256, kept.Length);
        Assert.StartsWith("554[2J no xxx", kept, StringComparison.Ordinal);
        Assert.Null(DeliverySchedule.AfterAttempt(Row(), Fails with { Answer = "\r\n" }, Start, jitter: 0.5).Attempts[0].Answer);
    }

    [Fact]
    public void Ten_attempts_stretch_over_75_hours_and_the_tenth_is_the_last()
    {
        var row = Row();
        var at = Start;
        var attempts = 0;
        while (row.State == DeliveryState.Waiting)
        {
            at = row.DueAt!.Value;
            row = DeliverySchedule.AfterAttempt(row, Fails, at, jitter: 0.5);
            attempts++;
        }

        Assert.Equal((10, DeliveryState.Exhausted), (attempts, row.State));
        Assert.Equal(new TimeSpan(75, 35, 5), at - Start);
        Assert.Equal(10, row.Attempts.Count);
    }

    [Fact]
    public void A_page_is_retried_within_a_minute_for_a_quarter_of_an_hour_and_then_on_the_schedule()
    {
        var (row, at) = (Row(), Start);
        var waits = new List<double>();
        while (row.State == DeliveryState.Waiting)
        {
            at = row.DueAt!.Value;
            row = DeliverySchedule.AfterAttempt(row, Fails, at, jitter: 0.5, isPage: true);
            waits.Add(row.DueAt is { } due ? (due - at).TotalSeconds : 0);
        }

        Assert.Equal([5, 10, 20, 40, 60, 60], waits.Take(6));
        Assert.All(waits.TakeWhile(wait => wait <= 60).SkipLast(1), wait => Assert.InRange(wait, 5, 60));
        Assert.Equal([5, 300, 1800, 7200], waits.SkipWhile((_, number) => waits.Take(number).Sum() < 15 * 60).Take(4));
        Assert.Equal((DeliveryState.Exhausted, 10), (row.State, row.Tries));
        Assert.Equal(DeliveryState.Exhausted, DeliverySchedule.AfterAttempt(
            Row(), new DeliveryOutcome(DeliveryFault.Status, 410), Start, jitter: 0.5, isPage: true).State);
    }

    [Theory]
    [InlineData(500, null, 5)]
    [InlineData(429, null, 5)]
    [InlineData(429, 0, 0)]
    [InlineData(502, null, 60)]
    [InlineData(504, 5, 60)]
    [InlineData(429, 5, 5)]
    [InlineData(429, 300, 300)]
    [InlineData(503, 1, 5)]
    [InlineData(503, 1_000_000, 24 * 3600)]
    public void An_overloaded_receiver_or_one_with_a_Retry_After_is_retried_later(int code, int? after, int seconds)
    {
        var outcome = new DeliveryOutcome(DeliveryFault.Status, code, RetryAfter: after is { } s ? TimeSpan.FromSeconds(s) : null);
        Assert.Equal(Start.AddSeconds(seconds), DeliverySchedule.AfterAttempt(Row(), outcome, Start, jitter: 0.5).DueAt);
    }

    [Fact]
    public void A_429_uses_up_no_attempt()
    {
        var tooMany = new DeliveryOutcome(DeliveryFault.Status, 429, RetryAfter: TimeSpan.FromSeconds(30));
        var row = Row();
        for (var attempt = 0; attempt < 30; attempt++)
        {
            row = DeliverySchedule.AfterAttempt(row, tooMany, Start, jitter: 0.5);
        }

        Assert.Equal((DeliveryState.Waiting, 0, 20), (row.State, row.Tries, row.Attempts.Count));
    }

    [Fact]
    public void A_receiver_that_always_answers_429_falls_back_to_the_schedule_after_a_while()
    {
        var (row, at) = (Row(), Start);
        for (var attempt = 0; row.State == DeliveryState.Waiting; attempt++)
        {
            Assert.True(attempt < 300);
            row = DeliverySchedule.AfterAttempt(row, new DeliveryOutcome(DeliveryFault.Status, 429), at, jitter: 0.5);
            at = row.DueAt ?? at;
        }

        Assert.Equal((DeliveryState.Exhausted, 10), (row.State, row.Tries));
        Assert.InRange(at - Start, TimeSpan.FromHours(75), TimeSpan.FromHours(77));
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(403, true)]
    [InlineData(413, true)]
    [InlineData(422, true)]
    [InlineData(401, false)]
    [InlineData(404, false)]
    [InlineData(410, false)]
    [InlineData(429, false)]
    [InlineData(301, false)]
    [InlineData(500, false)]
    [InlineData(null, false)]
    public void A_refusal_of_the_content_is_no_fault_of_the_endpoint(int? code, bool isOfContent) =>
        Assert.Equal(isOfContent, new DeliveryOutcome(DeliveryFault.Status, code).IsContentRefusal);

    [Fact]
    public void Deliveries_that_failed_together_are_not_retried_together()
    {
        var due = ((double[])[0, 0.5, 1]).Select(jitter => DeliverySchedule.AfterAttempt(Row(), Fails, Start, jitter).DueAt - Start);
        Assert.Equal([TimeSpan.FromSeconds(4.5), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5.5)], due);
    }

    [Fact]
    public void A_receiver_that_is_gone_is_not_asked_again_and_of_many_attempts_the_newest_are_known()
    {
        Assert.Equal(DeliveryState.Exhausted, DeliverySchedule.AfterAttempt(Row(), new DeliveryOutcome(DeliveryFault.Status, 410), Start,
            0).State);
        var row = Row();
        for (var i = 0; i < 30; i++)
        {
            row = DeliverySchedule.AfterAttempt(row with { Tries = 0 }, Fails with { Code = 500 + i }, Start, 0);
        }

        Assert.Equal((20, 529), (row.Attempts.Count, row.Attempts[^1].Code));
        var done = DeliverySchedule.AfterAttempt(row, new DeliveryOutcome(DeliveryFault.None, 200), Start, 0);
        Assert.Equal((DeliveryState.Delivered, null), (done.State, done.DueAt));
    }

    [Theory]
    [InlineData("*", "WEB-01", true)]
    [InlineData("WEB-*", "WEB-01", true)]
    [InlineData("WEB-*", "DB-01", false)]
    [InlineData("*-01", "WEB-01", true)]
    [InlineData("W*B*1", "WEB-01", true)]
    [InlineData("W*B*2", "WEB-01", false)]
    [InlineData("WEB-01", "WEB-01", true)]
    [InlineData("WEB-01", "WEB-011", false)]
    [InlineData("WEB-01*", "WEB-01", true)]
    [InlineData("**", "A", true)]
    [InlineData("a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    public void A_star_stands_for_any_characters(string pattern, string capId, bool matches) =>
        Assert.Equal(matches, CapIdPattern.Matches(pattern, capId));

    private static DeliveryRow Row() => new("w", 0, 1, "C", "I", 1, DeliveryState.Waiting, Start, Start, [], 0);
}
