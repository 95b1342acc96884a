using CapOrleans.Contracts.Escalation;
using NodaTime;
using NodaTime.Text;
using NodaTime.TimeZones;

namespace CapOrleans.Core.Escalation;

/// <summary>
/// Who is on call when, by one rotation. Pages, previews and the schedule that people look at are all computed here.
/// </summary>
/// <remarks>
/// A local time that a change of clocks skips is the moment of the change; of one that occurs twice, it is the first. So a later
/// local time is never an earlier moment.
/// </remarks>
public sealed class RotationSchedule
{
    internal static readonly LocalDateTimePattern StartPattern = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");
    internal static readonly LocalTimePattern TimePattern = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

    private static readonly ZoneLocalMappingResolver Resolver =
        Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    private readonly Rotation rotation;
    private readonly DateTimeZone zone;
    private readonly LocalDateTime start;
    private readonly (HashSet<IsoDayOfWeek> Days, LocalTime From, LocalTime Until)? hours;

    /// <param name="rotation">A valid one.</param>
    public RotationSchedule(Rotation rotation)
    {
        this.rotation = rotation;
        zone = DateTimeZoneProviders.Tzdb[rotation.TimeZone];
        start = StartPattern.Parse(rotation.StartsAt).Value;
        hours = rotation.Hours is not { } given ? null
            : ([.. given.Days.Select(DayOf)], TimePattern.Parse(given.From).Value, TimePattern.Parse(given.Until).Value);
    }

    /// <summary>Names of the days of the week, from Monday.</summary>
    internal static IReadOnlyList<string> Days { get; } = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// <returns>The person on call; null if no one is.</returns>
    public OnCallPerson? At(DateTimeOffset at)
    {
        if (rotation.Overrides.LastOrDefault(one => one.StartsAt <= at && at < one.EndsAt) is { } over)
        {
            return new OnCallPerson(over.Name, over.Webhook, over.Id);
        }

        var instant = Instant.FromDateTimeOffset(at);
        return IsWithinHours(instant) && ShiftAt(instant) is >= 0 and var shift
            && rotation.Members[shift % rotation.Members.Count] is var member
            ? new OnCallPerson(member.Name, member.Webhook, null)
            : null;
    }

    /// <returns>Consecutive times, from the first to the last of the given ones, of each person and of no one.</returns>
    public IReadOnlyList<ShiftView> Shifts(DateTimeOffset from, DateTimeOffset until)
    {
        List<DateTimeOffset> moments = [from, .. Changes(from, until), until];
        var shifts = new List<ShiftView>();
        foreach (var (begin, end) in moments.Zip(moments.Skip(1)))
        {
            var person = At(begin);
            if (shifts is [.., var last]
                && (last.Name, last.Webhook, last.Override) == (person?.Name, person?.Webhook, person?.Override))
            {
                shifts[^1] = last with { Until = end };
            }
            else
            {
                shifts.Add(new ShiftView(begin, end, person?.Name, person?.Webhook, person?.Override));
            }
        }

        return shifts;
    }

    /// <returns>In order, every moment between the two at which somebody else, or no one, may be on call.</returns>
    public IReadOnlyList<DateTimeOffset> Changes(DateTimeOffset from, DateTimeOffset until) =>
    [
        .. Handovers(from, until).Concat(HoursBetween(from, until).SelectMany(one => (Instant[])[one.From, one.Until]))
            .Select(instant => instant.ToDateTimeOffset())
            .Concat(rotation.Overrides.SelectMany(one => (DateTimeOffset[])[one.StartsAt, one.EndsAt]))
            .Where(at => from < at && at < until).Distinct().Order(),
    ];

    /// <returns>Number of the shift from 0; negative before the first.</returns>
    private int ShiftAt(Instant at)
    {
        // One too late at most: from its date, as the time of the handover and changes of clocks are not looked at.
        var days = Period.DaysBetween(start.Date, at.InZone(zone).Date);
        var shift = (int)Math.Floor((double)days / rotation.ShiftDays) + 1;
        while (shift >= 0 && HandoverTo(shift) > at)
        {
            shift--;
        }

        return shift;
    }

    private IEnumerable<Instant> Handovers(DateTimeOffset from, DateTimeOffset until)
    {
        var end = Instant.FromDateTimeOffset(until);
        for (var shift = Math.Max(0, ShiftAt(Instant.FromDateTimeOffset(from))); HandoverTo(shift) < end; shift++)
        {
            yield return HandoverTo(shift);
        }
    }

    private Instant HandoverTo(int shift) => MomentOf(start.PlusDays(shift * rotation.ShiftDays));

    private bool IsWithinHours(Instant at) => hours is null || HoursAround(at, at).Any(one => one.From <= at && at < one.Until);

    private IEnumerable<(Instant From, Instant Until)> HoursBetween(DateTimeOffset from, DateTimeOffset until) =>
        hours is null ? [] : HoursAround(Instant.FromDateTimeOffset(from), Instant.FromDateTimeOffset(until));

    /// <returns>Those that begin on a day from the one before to the one after: they may last past midnight.</returns>
    private IEnumerable<(Instant From, Instant Until)> HoursAround(Instant from, Instant until)
    {
        var (days, begin, end) = hours!.Value;
        for (var day = from.InZone(zone).Date.PlusDays(-1); day <= until.InZone(zone).Date.PlusDays(1); day = day.PlusDays(1))
        {
            if (days.Contains(day.DayOfWeek))
            {
                yield return (MomentOf(day + begin), MomentOf((end > begin ? day : day.PlusDays(1)) + end));
            }
        }
    }

    private Instant MomentOf(LocalDateTime local) => zone.ResolveLocal(local, Resolver).ToInstant();

    private static IsoDayOfWeek DayOf(string name) => (IsoDayOfWeek)(1 + Enumerable.Range(0, Days.Count).First(day => Days[day] == name));
}

/// <param name="Override">Id of the override that applies; null if none does.</param>
public sealed record OnCallPerson(string Name, string Webhook, string? Override);
