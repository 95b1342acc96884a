using System.Globalization;
using System.Text.RegularExpressions;

namespace CapOrleans.Cli.Heartbeats;

/// <summary>When a systemd timer elapses, as a cron expression.</summary>
/// <param name="Seconds">After the minute of the cron expression.</param>
/// <param name="TimeZone">Null for the machine's.</param>
/// <remarks>
/// Source: systemd.time(7), "Calendar Events". Steps of days without an end (<c>1/9</c>) are refused, because systemd 252
/// skips the first day of some months.
/// </remarks>
internal sealed partial record OnCalendar(string Cron, int Seconds, string? TimeZone)
{
    public const string Rule = "a calendar event as systemd.time(7) describes it, but without years, steps of seconds, steps " +
        "of days without an end and several days from a month's end, for example 'Mon..Fri 02:00' or weekly";

    private static readonly Dictionary<string, string> Shorthands = new(StringComparer.OrdinalIgnoreCase)
    {
        ["minutely"] = "*:*", ["hourly"] = "*:00", ["daily"] = "00:00", ["weekly"] = "Mon", ["monthly"] = "*-01", ["yearly"] = "01-01",
        ["annually"] = "01-01", ["quarterly"] = "01,04,07,10-01", ["semiannually"] = "01,07-01", ["semi-annually"] = "01,07-01",
        ["biannually"] = "01,07-01", ["bi-annually"] = "01,07-01",
    };

    /// <param name="text">For example <c>Mon *-*-1..7 03:00 Europe/Berlin</c>.</param>
    /// <returns>Null if it is none, or one that cron has no expression for.</returns>
    public static OnCalendar? Parse(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var first = space < 0 ? text : text[..space];
        if (Event().Match(Shorthands.TryGetValue(first, out var full) ? full + text[first.Length..] : text) is not { Success: true } match)
        {
            return null;
        }

        string Part(string name, string missing) => match.Groups[name] is { Success: true, Value: var value } ? value : missing;
        var (days, day) = (Part("weekdays", "*"), Numbers(Part("day", "*")));
        if (match.Groups["last"].Success)
        {
            day = Part("last", "") is var last && int.Parse(last, CultureInfo.InvariantCulture) is > 0 and <= 31 and var back
                ? back == 1 ? "L" : $"L-{back - 1}" : null;
        }

        return day is null ? null : new OnCalendar(
            $"{Numbers(Part("minute", "0"))} {Numbers(Part("hour", "0"))} {day} {Numbers(Part("month", "*"))} {Weekdays(days)}",
            int.Parse(Part("second", "0"), CultureInfo.InvariantCulture), match.Groups["zone"] is { Success: true,
                Value: var zone } ? zone : null);
    }

    private static string Numbers(string component) => component.Replace("..", "-", StringComparison.Ordinal);

    private static string Weekdays(string names) => Name().Replace(Numbers(names), name => name.Value[..3].ToUpperInvariant());

    private const string Item = @"\d{1,2}(\.\.\d{1,2})?(/\d{1,2})?", Component = $@"(\*|{Item}(,{Item})*)",
        DayItem = @"\d{1,2}(\.\.\d{1,2}(/\d{1,2})?)?", Days = $@"(\*|{DayItem}(,{DayItem})*)",
        Weekday = "(Mon(day)?|Tue(sday)?|Wed(nesday)?|Thu(rsday)?|Fri(day)?|Sat(urday)?|Sun(day)?)";

    [GeneratedRegex(
        $@"^(?=\S)((?<weekdays>{Weekday}(\.\.{Weekday})?(,{Weekday}(\.\.{Weekday})?)*)(\ |$))?" +
        $@"(((?<year>\*)-)?(?<month>{Component})(-(?<day>{Days})|~(?<last>\d\d?))(\ |$))?" +
        $@"((?<hour>{Component}):(?<minute>{Component})(:(?<second>[0-5]?\d))?(\ |$))?(?<zone>[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*)?$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Event();

    [GeneratedRegex("[A-Za-z]+")]
    private static partial Regex Name();
}
