using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Escalation;
using CsCheck;

namespace CapOrleans.Tests.Core.Escalation;

/// <summary>Who is paged, and when.</summary>
public sealed class EscalationRulesTests
{
    private static readonly DateTimeOffset At = new(2026, 12, 1, 3, 0, 0, TimeSpan.Zero);

    private static readonly PagingPolicy Nothing = new([], [], []);

    private static Ladder Of(string id = "web", string caps = "*", int repeat = 0, int? acknowledgedFor = null, string? minSeverity = null,
        params int[] acknowledgements) => new(
        id, caps, minSeverity, [.. acknowledgements.Select((needed, at) => new LadderLevel([$"w{at + 1}"], 60 * (at + 1), needed))], repeat,
        acknowledgedFor, [0], At, Actor.Service);

    private static EscalationRow Start(Ladder ladder) => EscalationRules.Start(ladder, "WEB-01", "I-1", "critical", 7, 7, At);

    private static IncidentUpdateView Update(string action, long index, string by = "key:a", int minute = 0) =>
        new(index, At.AddMinutes(minute), action, by, null, null, null, null, null);

    [Fact]
    public void Each_level_is_paged_after_the_wait_of_the_one_before_and_all_of_them_repeat_as_configured()
    {
        var ladder = Of(repeat: 1, acknowledgements: [1, 1]);
        var steps = new List<string>();
        for (var row = Start(ladder); ;)
        {
            var turn = EscalationRules.Next(row, ladder, Nothing, [], row.DueAt);
            steps.Add(turn.Page is { } page ? $"{(row.DueAt - At).TotalMinutes} {page.Level}/{page.Levels} {page.Round} {page.Webhooks[0]}"
                : $"{(row.DueAt - At).TotalMinutes} unanswered {turn.IsUnanswered}");
            if (turn.Row is null)
            {
                break;
            }

            row = turn.Row;
        }

        Assert.Equal(["0 1/2 1 w1", "1 2/2 1 w2", "3 1/2 2 w1", "4 2/2 2 w2", "6 unanswered True"], steps);
    }

    [Theory]
    [InlineData("acknowledge", true)]
    [InlineData("resolve", true)]
    [InlineData("respond", false)]
    public void An_answer_ends_it(string action, bool ends)
    {
        var ladder = Of(acknowledgements: [1, 1]);
        var paged = EscalationRules.Next(Start(ladder), ladder, Nothing, [], At);
        var next = EscalationRules.Next(paged.Row!, ladder, Nothing, [Update(action, 9)], paged.Row!.DueAt);
        Assert.Equal((ends, ends), (next.Row is null, next.Page is null));
        Assert.False(next.IsUnanswered);
        Assert.Equal(ends, EscalationRules.IsObsolete(paged.Page!, [Update(action, 9)]));
        Assert.False(EscalationRules.IsObsolete(paged.Page!, []));
    }

    [Fact]
    public void A_level_may_need_several_people()
    {
        var ladder = Of(acknowledgements: [2, 1]);
        var paged = EscalationRules.Next(Start(ladder), ladder, Nothing, [], At);
        IncidentUpdateView[] alone = [Update("acknowledge", 8), Update("acknowledge", 9)], both = [.. alone, Update("acknowledge", 10,
            "key:b")];
        Assert.False(EscalationRules.IsObsolete(paged.Page!, alone));
        Assert.Equal(2, EscalationRules.Next(paged.Row!, ladder, Nothing, alone, paged.Row!.DueAt).Page!.Level);
        Assert.True(EscalationRules.IsObsolete(paged.Page!, both));
        Assert.Null(EscalationRules.Next(paged.Row!, ladder, Nothing, both, paged.Row!.DueAt).Row);
    }

    [Fact]
    public void An_acknowledgement_without_a_resolution_expires_and_the_ladder_continues()
    {
        var ladder = Of(acknowledgedFor: 3600, acknowledgements: [1, 1]);
        var first = EscalationRules.Next(Start(ladder), ladder, Nothing, [], At).Row!;
        IncidentUpdateView[] answers = [Update("acknowledge", 9)];
        var waits = EscalationRules.Next(first, ladder, Nothing, answers, first.DueAt);
        Assert.Equal((At.AddHours(1), null), (waits.Row!.DueAt, waits.Page));
        var again = EscalationRules.Next(waits.Row, ladder, Nothing, answers, At.AddHours(1));
        Assert.Equal((2, 9L), (again.Page!.Level, again.Page.Since));
        Assert.False(EscalationRules.IsObsolete(again.Page, answers));
        Assert.True(EscalationRules.IsObsolete(again.Page, [.. answers, Update("acknowledge", 12, minute: 61)]));

        // At its end the ladder pages the last level once more, and then there is no one left to page.
        var last = again.Row! with { DueAt = At.AddHours(1).AddMinutes(2) };
        IncidentUpdateView[] twice = [.. answers, Update("acknowledge", 12, minute: 61)];
        var held = EscalationRules.Next(last, ladder, Nothing, twice, last.DueAt).Row!;
        var end = EscalationRules.Next(held, ladder, Nothing, twice, held.DueAt);
        Assert.Equal((2, 2), (end.Page!.Level, end.Row!.Step));
        Assert.True(EscalationRules.Next(end.Row, ladder, Nothing, twice, end.Row.DueAt) is { Row: null, IsUnanswered: true });
    }

    [Fact]
    public void A_later_level_does_not_make_do_with_fewer_people()
    {
        var ladder = Of(repeat: 1, acknowledgements: [1, 3, 2]);
        Assert.Equal([1, 3, 3, 3, 3, 3], Enumerable.Range(0, ladder.Steps).Select(ladder.AcknowledgementsAt));
    }

    [Fact]
    public void An_acknowledgement_after_another_counts_from_its_own_time()
    {
        var ladder = Of(acknowledgedFor: 3600, acknowledgements: [1, 1]);
        var first = EscalationRules.Next(Start(ladder), ladder, Nothing, [], At).Row!;
        IncidentUpdateView[] answers = [Update("acknowledge", 9), Update("acknowledge", 12, minute: 50)];
        var turn = EscalationRules.Next(first, ladder, Nothing, answers, At.AddHours(1));
        Assert.Equal((At.AddMinutes(110), null, 1), (turn.Row!.DueAt, turn.Page, turn.Row.Step));
    }

    [Fact]
    public void A_reopened_incident_starts_over_and_older_pages_are_no_longer_sent()
    {
        var ladder = Of(acknowledgements: [1, 1]);
        var paged = EscalationRules.Next(Start(ladder), ladder, Nothing, [], At);
        IncidentUpdateView[] reopened = [Update("acknowledge", 8), Update("resolve", 9), Update("reopen", 10)];
        Assert.True(EscalationRules.IsObsolete(paged.Page!, reopened));
        var anew = EscalationRules.Next(paged.Row!, ladder, Nothing, reopened, paged.Row!.DueAt);
        Assert.Equal((1, 10L), (anew.Page!.Level, anew.Page.Since));
    }

    [Fact]
    public void Of_several_ladders_the_most_specific_applies()
    {
        Ladder[] ladders = [Of("all", "*", acknowledgements: 1), Of("web", "WEB-*", acknowledgements: 1), Of("one", "WEB-01",
            minSeverity: "critical", acknowledgements: 1),
            Of("also", "WEB-*", acknowledgements: 1)];
        string? Found(string capId, string severity, string floor = "high") => EscalationRules.Find(ladders, capId, severity, floor)?.Id;
        Assert.Equal(("one", "also", "all", null), (Found("WEB-01", "critical"), Found("WEB-01", "high"), Found("DB-1", "high"), Found(
            "DB-1", "normal")));
        Assert.Equal(("one", null), (Found("WEB-01", "critical", "critical"), Found("DB-1", "high", "critical")));
    }

    [Fact]
    public void A_level_pages_whoever_is_on_call_and_one_at_which_no_one_is_waits_only_if_no_later_one_reaches_anybody()
    {
        var office = new Rotation("office", "UTC", "2026-11-30T00:00", 7, [new RotationMember("Ada", "a")],
            new OnCallHours(["mon", "tue"], "09:00", "17:00"), [], At, Actor.Service);
        var policy = Nothing with { Rotations = [office] };
        var ladder = Of(repeat: 1, acknowledgements: [1, 1]) with
        {
            Levels = [new LadderLevel([], 60, 1, ["office"]), new LadderLevel(["w2"], 120, 1, ["office", "gone"])],
        };
        IReadOnlyList<string> Paged(Ladder by, DateTimeOffset from)
        {
            var pages = new List<string>();
            for (var row = Start(by) with { DueAt = from }; ;)
            {
                var turn = EscalationRules.Next(row, by, policy, [], row.DueAt);
                pages.Add(turn.Page is not { } page ? $"{(row.DueAt - from).TotalSeconds} {turn.IsUnanswered}"
                    : $"{(row.DueAt - from).TotalSeconds} {page.Level}: {string.Join('+', page.Webhooks)} "
                        + string.Join('+', page.OnCall.Select(one => one.Name)));
                if (turn.Row is null)
                {
                    return pages;
                }

                row = turn.Row;
            }
        }

        Assert.Equal(["0 1: a Ada", "60 2: w2+a Ada", "180 1: a Ada", "240 2: w2+a Ada", "360 True"], Paged(ladder, At.AddHours(7)));
        Assert.Equal(["0 1:  ", "0 2: w2 ", "120 1:  ", "120 2: w2 ", "240 True"], Paged(ladder, At));
        Assert.Equal(["0 1:  ", "60 1:  ", "120 True"], Paged(ladder with { Levels = [ladder.Levels[0]] }, At));
    }

    [Fact]
    public void A_summary_goes_to_the_first_level_at_which_somebody_is_on_call()
    {
        var ladder = Of(acknowledgements: [1, 1]) with { Levels = [new LadderLevel([], 60, 1, ["gone"]), new LadderLevel(["w2"], 120, 1)] };
        var held = Start(ladder) with { Silence = "deploy" };
        var skipped = EscalationRules.Next(held, ladder, Nothing, [], At);
        Assert.Equal((1, At, "deploy"), (skipped.Row!.Step, skipped.Row.DueAt, skipped.Row.Silence));
        Assert.Equal([], skipped.Page!.Webhooks);
        var released = EscalationRules.Next(skipped.Row, ladder, Nothing, [], At);
        Assert.True(released is { IsReleased: true, Page: null });
        Assert.Equal(["w2"], SilenceSummary.Of([released.Row!], "deploy", ladder, [], At).Webhooks);
    }

    [Fact]
    public void CapIDs_take_turns_when_many_incidents_are_new()
    {
        var ladder = Of(acknowledgements: 1);
        var rows = ((string, long)[])[("A", 1), ("A", 2), ("A", 3), ("B", 4), ("C", 5), ("B", 6)];
        var started = rows.Select(one => EscalationRules.Start(ladder, one.Item1, $"I-{one.Item2}", "critical", one.Item2, one.Item2, At));
        Assert.Equal([1, 4, 5, 2, 6, 3], EscalationRules.TakeTurns(started, row => row).Select(row => row.Index));
    }

    [Fact]
    public void A_silence_holds_what_is_due_until_it_ends_and_then_the_level_waits_once_more()
    {
        var ladder = Of(acknowledgements: [1, 1]);
        Silence[] silences = [Silence("short", 60), Silence("long", 90), Silence("other", 120, caps: "DB-*")];
        var held = EscalationRules.Next(Start(ladder), ladder, Nothing with { Silences = silences }, [], At);
        Assert.Equal((null, "long", At.AddMinutes(90), 0), (held.Page, held.Row!.Silence, held.Row.DueAt, held.Row.Step));
        var extended = EscalationRules.Next(held.Row, ladder, Nothing with { Silences = [Silence("long", 95)] }, [], At.AddMinutes(90));
        Assert.Equal((false, At.AddMinutes(95)), (extended.IsReleased, extended.Row!.DueAt));

        var released = EscalationRules.Next(extended.Row, ladder, Nothing, [], At.AddMinutes(95));
        Assert.True(released is { IsReleased: true, Page: null, Row: { Silence: null, Step: 0 } });
        Assert.Equal(At.AddMinutes(96), released.Row!.DueAt); // the first level's wait
        Assert.Equal(1, EscalationRules.Next(released.Row, ladder, Nothing, [], released.Row.DueAt).Page!.Level);
        Assert.Null(EscalationRules.Next(held.Row, ladder, Nothing, [Update("acknowledge", 9)], At.AddMinutes(95)).Row);
    }

    [Theory]
    [InlineData("critical", null, 0, true)]
    [InlineData("critical", "high", 0, false)]
    [InlineData("high", "high", 0, true)]
    [InlineData("critical", null, -1, false)]
    [InlineData("critical", null, 60, false)]
    [InlineData("critical", null, 59, true)]
    public void A_silence_counts_from_its_start_until_before_its_end_and_up_to_its_severity(
        string severity, string? maxSeverity, int minute, bool counts) =>
        Assert.Equal(counts, Silences.Active(
            [Silence("one", 60, maxSeverity: maxSeverity)], "WEB-01", severity, At.AddMinutes(minute)) is not null);

    private static Silence Silence(string id, int minutes, string caps = "WEB-*", string? maxSeverity = null) =>
        new(id, caps, maxSeverity, At, At.AddMinutes(minutes), "Deploy", At, Actor.Service);

    [Fact]
    public void Whatever_the_answers_no_level_is_skipped_and_none_is_paged_twice_per_round()
    {
        var ladders = Gen.Select(Gen.Int[1, 3].Array[1, 4], Gen.Int[0, 2]);
        var answers = Gen.Select(Gen.Int[0, 40], Gen.Int[0, 1].Select(i => i == 0 ? "acknowledge" : "respond"), Gen.Int[0, 1].Select(i =>
            i == 0 ? "key:a" : "key:b")).Array[0, 4];
        Gen.Select(ladders, answers).Sample((shape, given) =>
        {
            var ladder = Of(repeat: shape.Item2, acknowledgements: shape.Item1);
            IncidentUpdateView[] updates = [.. given.OrderBy(one => one.Item1).Select((one, at) => Update(one.Item2, 8 + at, one.Item3,
                one.Item1))];
            var (steps, row) = (new List<(int, int)>(), Start(ladder));
            while (true)
            {
                IncidentUpdateView[] known = [.. updates.Where(update => update.At <= row.DueAt)];
                var turn = EscalationRules.Next(row, ladder, Nothing, known, row.DueAt);
                if (turn.Page is { } page)
                {
                    Assert.False(EscalationRules.IsObsolete(page, known));
                    steps.Add((page.Round, page.Level));
                }

                if (turn.Row is null)
                {
                    var answers = known.Where(one => one.Action == "acknowledge").DistinctBy(one => one.By).Count();
                    Assert.Equal(turn.IsUnanswered, answers < ladder.AcknowledgementsAt(Math.Max(0, steps.Count - 1)));
                    Assert.True(!turn.IsUnanswered || steps.Count == ladder.Steps);
                    break;
                }

                row = turn.Row;
            }

            Assert.Equal(Enumerable.Range(0, steps.Count).Select(at => ((at / shape.Item1.Length) + 1, (at % shape.Item1.Length) + 1)),
                steps);
        });
    }
}
