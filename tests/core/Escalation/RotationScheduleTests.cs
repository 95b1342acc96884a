using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Escalation;
using CsCheck;
using NodaTime;
using NodaTime.Text;

namespace CapOrleans.Tests.Core.Escalation;

/// <summary>Who is on call, and when.</summary>
public sealed class RotationScheduleTests
{
    private static readonly DateTimeOffset From = new(2027, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    private static readonly string[] Zones =
    [
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana", "Pacific/Apia",
        "Africa/Casablanca",
    ];

    private static readonly Gen<OnCallHours?> Hours =
        from always in Gen.Bool
        from days in Gen.Bool.Array[7]
        from begin in Gen.Int[0, 1439]
        from end in Gen.Int[0, 1439]
        let chosen = Week.Where((_, day) => days[day]).ToList()
        select always || chosen.Count == 0 ? null : new OnCallHours(chosen, Clock(begin), Clock(end));

    private static readonly Gen<Rotation> Rotations =
        from zone in Gen.Int[0, Zones.Length - 1]
        from start in Gen.Int[0, 400 * 24 * 60]
        from shiftDays in Gen.Int[1, 9]
        from members in Gen.Int[1, 5]
        from hours in Hours
        from overrides in Gen.Select(Gen.Int[0, 60 * 24 * 60], Gen.Int[1, 5 * 24 * 60]).Array[0, 4]
        select new Rotation(
            "r", Zones[zone], StartAt(start), shiftDays,
            [.. Enumerable.Range(0, members).Select(at => new RotationMember($"P{at}", $"w{at}"))], hours,
            [
                .. overrides.Select((one, at) => new RotationOverride(
                    $"o{at}", $"X{at}", $"x{at}", From.AddMinutes(one.Item1), From.AddMinutes(one.Item1 + one.Item2))),
            ],
            default, Actor.Service);

    [Fact]
    public void The_person_shown_is_the_person_paged_and_the_one_whose_turn_it_is_by_the_wall_clock() =>
        Gen.Select(Rotations, Gen.Int[0, 300], Gen.Int[0, (10 * 24 * 60) - 1]).Sample(
            (rotation, day, minute) =>
            {
                // The clocks of these zones change on many of these days.
                var (from, until) = (From.AddDays(day), From.AddDays(day + 10));
                var shifts = new RotationSchedule(rotation).Shifts(from, until);
                Assert.Equal((from, until), (shifts[0].From, shifts[^1].Until));
                Assert.All(shifts.Zip(shifts.Skip(1)), pair => Assert.True(
                    pair.First.Until == pair.Second.From && pair.First with { From = default, Until = default } != pair.Second with
                    {
                        From = default, Until = default,
                    }));
                var ladder = new Ladder("l", "*", null, [new LadderLevel([], 60, 1, ["r"])], 0, null, [0], default, Actor.Service);
                var policy = new PagingPolicy([ladder], [], [rotation]);
                foreach (var at in (DateTimeOffset[])[from.AddMinutes(minute), shifts[^1].From, shifts[^1].From.AddSeconds(-1)])
                {
                    var page = EscalationRules.Next(
                        EscalationRules.Start(ladder, "WEB-01", "I-1", "critical", 7, 7, at), ladder, policy, [], at).Page!;
                    var paged = page.OnCall.Count == 0 ? null : page.OnCall[0].Name;
                    Assert.Equal(paged is null ? [] : [page.OnCall[0].Webhook], page.Webhooks);
                    Assert.Equal(ByTheWallClock(rotation, at), paged);
                    if (at >= from)
                    {
                        Assert.Equal(shifts.Single(shift => shift.From <= at && at < shift.Until).Name, paged);
                    }
                }
            },
            iter: 10_000);

    [Theory]
    [InlineData("2027-03-28T00:59:59Z", "Ada")] // 01:59:59, then the clocks go forward to 03:00
    [InlineData("2027-03-28T01:00:00Z", "Bob")]
    [InlineData("2027-03-29T00:29:59Z", "Bob")]
    [InlineData("2027-03-29T00:30:00Z", "Ada")]
    [InlineData("2027-10-31T00:29:59Z", "Bob")]
    [InlineData("2027-10-31T00:30:00Z", "Ada")] // 02:30, for the first time
    [InlineData("2027-10-31T01:30:00Z", "Ada")] // 02:30, for the second time
    [InlineData("2027-11-01T01:30:00Z", "Bob")]
    [InlineData("2027-03-27T01:29:59Z", null)] // before the first shift
    public void A_handover_that_a_change_of_clocks_skips_is_at_the_change_and_one_that_it_repeats_is_the_first(string at, string? name) =>
        Assert.Equal(name, new RotationSchedule(Daily("Europe/Berlin", "2027-03-27T02:30")).At(Instants(at))?.Name);

    [Theory]
    [InlineData("2027-03-05T20:59:59Z", null)] // Friday, 21:59:59
    [InlineData("2027-03-05T21:00:00Z", "Ada")]
    [InlineData("2027-03-06T04:59:59Z", "Ada")] // Saturday, 05:59:59
    [InlineData("2027-03-06T05:00:00Z", null)]
    [InlineData("2027-03-06T21:00:00Z", null)] // Saturday's night is not theirs
    [InlineData("2027-03-06T11:30:00Z", "Cid")] // an override counts outside the hours
    [InlineData("2027-03-06T12:00:00Z", "Dan")] // the one that was set last
    [InlineData("2027-03-06T13:00:00Z", null)]
    public void Hours_last_past_midnight_and_overrides_come_before_them(string at, string? name)
    {
        var nights = Daily("Europe/Berlin", "2027-03-05T00:00") with
        {
            ShiftDays = 30,
            Hours = new OnCallHours(["fri"], "22:00", "06:00"),
            Overrides =
            [
                new RotationOverride("one", "Cid", "c", Instants("2027-03-06T11:00:00Z"), Instants("2027-03-06T13:00:00Z")),
                new RotationOverride("two", "Dan", "d", Instants("2027-03-06T12:00:00Z"), Instants("2027-03-06T13:00:00Z")),
            ],
        };
        Assert.Equal(name, new RotationSchedule(nights).At(Instants(at))?.Name);
    }

    [Fact]
    public void A_level_has_gaps_where_none_of_its_rotations_has_anybody_on_call()
    {
        var day = Daily("UTC", "2027-03-01T00:00") with { Id = "day", Hours = new OnCallHours(["mon", "tue"], "08:00", "20:00") };
        var night = day with { Id = "night", Hours = new OnCallHours(["mon"], "18:00", "07:00") };
        var gaps = Recipients.Gaps(new LadderLevel([], 60, 1, ["day", "night", "gone"]), [day, night], From, From.AddDays(2));
        Assert.Equal(
            ["00:00 08:00", "07:00 08:00", "20:00 00:00"],
            gaps.Select(gap => $"{gap.From:HH:mm} {gap.Until:HH:mm}"));
        Assert.Empty(Recipients.Gaps(new LadderLevel(["w"], 60, 1, ["day"]), [day], From, From.AddDays(2)));
        var unknown = new LadderLevel([], 60, 1, ["gone"]);
        Assert.Equal((From, From.AddDays(2)), Assert.Single(Recipients.Gaps(unknown, [day], From, From.AddDays(2))));
    }

    private static DateTimeOffset Instants(string text) => InstantPattern.ExtendedIso.Parse(text).Value.ToDateTimeOffset();

    private static Rotation Daily(string zone, string start) => new(
        "daily", zone, start, 1, [new RotationMember("Ada", "a"), new RotationMember("Bob", "b")], null, [], default, Actor.Service);

    private static string Clock(int minute) => $"{minute / 60:00}:{minute % 60:00}";

    private static string StartAt(int minute) =>
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm")
            .Format(new LocalDateTime(2026, 6, 1, 0, 0).PlusMinutes(minute));

    /// <summary>Decides anew, from what a clock on the wall shows at each moment and nothing else.</summary>
    private static string? ByTheWallClock(Rotation rotation, DateTimeOffset at)
    {
        var over = rotation.Overrides.Where(one => one.StartsAt <= at && at < one.EndsAt).Select(one => one.Name).LastOrDefault();
        if (over is not null)
        {
            return over;
        }

        var zone = DateTimeZoneProviders.Tzdb[rotation.TimeZone];
        var now = Instant.FromDateTimeOffset(at);
        if (rotation.Hours is { } hours)
        {
            var (from, until) = (LocalTimePattern.CreateWithInvariantCulture("HH:mm").Parse(hours.From).Value,
                LocalTimePattern.CreateWithInvariantCulture("HH:mm").Parse(hours.Until).Value);
            var today = now.InUtc().Date;
            if (!Enumerable.Range(-3, 7).Select(today.PlusDays).Any(day => hours.Days.Contains(Week[(int)day.DayOfWeek - 1])
                && FirstMoment(zone, day + from) <= now && now < FirstMoment(zone, (until > from ? day : day.PlusDays(1)) + until)))
            {
                return null;
            }
        }

        var start = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm").Parse(rotation.StartsAt).Value;
        var shifts = Math.Max(0, (Period.DaysBetween(start.Date, now.InUtc().Date) / rotation.ShiftDays) - 2);
        while (FirstMoment(zone, start.PlusDays(shifts * rotation.ShiftDays)) <= now)
        {
            shifts++;
        }

        return shifts == 0 ? null : rotation.Members[(shifts - 1) % rotation.Members.Count].Name;
    }

    /// <returns>The first moment at which a clock on the wall shows this time or a later one.</returns>
    private static Instant FirstMoment(DateTimeZone zone, LocalDateTime time)
    {
        var about = time.InUtc().ToInstant();
        return zone.GetZoneIntervals(about - Duration.FromHours(48), about + Duration.FromHours(48))
            .Select(interval => (Interval: interval, Moment: Instant.Max(
                interval.HasStart ? interval.Start : Instant.MinValue, about - Duration.FromSeconds(interval.WallOffset.Seconds))))
            .First(one => !one.Interval.HasEnd || one.Moment < one.Interval.End).Moment;
    }
}
