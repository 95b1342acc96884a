using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Escalation;

namespace CapOrleans.Tests.AuditLog;

public abstract partial class AuditLogTests
{
    private IEscalationReader Escalations => (IEscalationReader)Reader;

    [Fact]
    public async Task Escalations_are_due_in_their_time_and_are_forgotten_when_they_are_over()
    {
        await EscalateAsync(0, [Open(1, dueIn: -3), Open(2, dueIn: -5), Open(3, dueIn: 5)]);
        Assert.Equal([2, 1], (await Escalations.DueAsync(0, At, 10, default)).Select(row => row.Index));
        Assert.Equal([2], (await Escalations.DueAsync(0, At, 1, default)).Select(row => row.Index));
        Assert.Empty(await Escalations.DueAsync(1, At, 10, default));
        Assert.Equal(At.AddSeconds(-5), await Escalations.NextDueAsync(0, default));
        Assert.Null(await Escalations.NextDueAsync(1, default));
        Assert.Equal((3, 2), (await Escalations.CountOpenAsync(0, 9, default), await Escalations.CountOpenAsync(0, 2, default)));

        var moved = Open(2, dueIn: 60) with { Ladder = "other", Step = 4, Since = 17 };
        await EscalateAsync(1, [moved], ended: [1]);
        Assert.Equal(moved, Assert.Single(await Escalations.DueAsync(0, At.AddMinutes(1), 10, default), row => row.Index == 2));
        Assert.Equal(2, await Escalations.CountOpenAsync(0, 9, default));
    }

    [Fact]
    public async Task Of_two_commits_of_the_same_step_one_is_refused_and_leaves_nothing()
    {
        Assert.Equal([AppendVerdict.Appended, AppendVerdict.StaleOffset], await EscalateAsync(0, 0));
        Assert.Equal([AppendVerdict.StaleOffset], await EscalateAsync(0));
        Assert.Equal([AppendVerdict.Appended], await EscalateAsync(1));
        var steps = await Escalations.StepsAsync("Z", "I-1", 10, default);
        Assert.Equal((2, true), (steps.Count, steps[0].Index < steps[1].Index));
        Assert.Equal(steps[1].Index, Assert.Single(await Escalations.StepsAsync("Z", "I-1", 1, default)).Index);
        Assert.Empty(await Escalations.StepsAsync("Z", "I-2", 10, default));
    }

    [Fact]
    public async Task However_many_steps_of_one_CapID_are_due_the_others_take_turns_with_it()
    {
        await EscalateAsync(0, [.. Enumerable.Range(1, 5).Select(index => Open(index, index - 10)), Open(6,
            -2) with { CapId = "Y" }, Open(7, -1) with
        {
            CapId = "Y",
        }, Open(8, 0) with { CapId = "X" }, Open(9, 1) with { CapId = "W" }]);
        Assert.Equal([1, 6, 8, 2, 7, 3], (await Escalations.DueAsync(0, At, 6, default)).Select(row => row.Index));
    }

    [Fact]
    public async Task What_a_silence_holds_is_found_by_its_silence_until_it_is_released()
    {
        await EscalateAsync(0, [Open(1, 5) with { Silence = "deploy" }, Open(2, 5) with { Silence = "deploy" }, Open(3, 5) with
        {
            Silence = "other",
        }, Open(4, 5)]);
        Assert.Equal(["deploy", "other"], (await Escalations.SilencesAsync(0, default)).Order());
        Assert.Equal([1, 2], (await Escalations.HeldAsync(0, "deploy", -1, 10, default)).Select(row => row.Index));
        Assert.Equal([2], (await Escalations.HeldAsync(0, "deploy", 1, 10, default)).Select(row => row.Index));
        Assert.Empty(await Escalations.HeldAsync(1, "deploy", -1, 10, default));
        await EscalateAsync(1, [Open(1, 9)], ended: [2, 3]);
        Assert.Empty(await Escalations.SilencesAsync(0, default));
        Assert.Null(Assert.Single(await Escalations.DueAsync(0, At.AddSeconds(9), 10, default), row => row.Index == 1).Silence);
    }

    [Fact]
    public async Task What_stayed_unanswered_is_counted_over_all_logs_until_it_is_taken()
    {
        UnansweredRow Row(int log, long index, string ladder, int at) =>
            new(log, index, "Z", $"I-{index}", "high", ladder, index, At.AddSeconds(at), At.AddSeconds(at + 60));
        var (late, early, other) = (Row(0, 1, "web", 9), Row(1, 1, "web", 5), Row(0, 2, "db", 7));
        await CommitAsync(0, new EscalationCommit(0, [], [], []) { Unanswered = [late, other, late with { Severity = "critical" }] });
        await CommitAsync(1, new EscalationCommit(0, [], [], []) { Unanswered = [early] });
        Assert.Equal([new("db", 1, other.ExpiresAt), new("web", 2, early.ExpiresAt)], (await Escalations.UnansweredAsync(default))
            .OrderBy(one => one.Ladder, StringComparer.Ordinal));
        Assert.Equal([early, late with { Severity = "critical" }], await Escalations.UnansweredAsync("web", 9, default));
        Assert.Equal([early], await Escalations.UnansweredAsync("web", 1, default));

        await CommitAsync(0, new EscalationCommit(1, [], [], []) { Counted = [early, late] });
        Assert.Equal("db", Assert.Single(await Escalations.UnansweredAsync(default)).Ladder);
    }

    private static EscalationRow Open(long index, int dueIn) => new(index, "Z", $"I-{index}", "critical", "web", 1, index, At.AddSeconds(
        dueIn));

    private async Task<IEnumerable<AppendVerdict>> EscalateAsync(params int[] numbers)
    {
        var head = await Reader.HeadAsync(0, default) ?? await Writer.OpenAsync(0, default);
        var (_, outcomes) = await Writer.CommitAsync(0, head, [.. numbers.Select(number => new Append
        {
            Entries = [EscalationRules.WriteUnanswered(Open(1, 0), head.Origin, At)],
            Escalations = new EscalationCommit(number, [], [], [new EscalationStepRow("Z", "I-1")]),
        })], default);
        return outcomes.Select(outcome => outcome.Verdict);
    }

    private Task EscalateAsync(long number, EscalationRow[] rows, long[]? ended = null) =>
        CommitAsync(0, new EscalationCommit(number, rows, ended ?? [], []));

    private async Task CommitAsync(int log, EscalationCommit change)
    {
        var head = await Reader.HeadAsync(log, default) ?? await Writer.OpenAsync(log, default);
        var (_, outcomes) = await Writer.CommitAsync(log, head, [new Append { Entries = [], Escalations = change }], default);
        Assert.Equal(AppendVerdict.Appended, outcomes[0].Verdict);
    }
}
