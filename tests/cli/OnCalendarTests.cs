using System.Diagnostics;
using System.Globalization;
using CapOrleans.Cli.Heartbeats;
using Cronos;
using CsCheck;

namespace CapOrleans.Tests.Cli;

/// <summary>What systemd's timers know as OnCalendar= is a cron expression.</summary>
public sealed class OnCalendarTests
{
    private static readonly DateTimeOffset From = new(2027, 12, 28, 22, 31, 7, TimeSpan.Zero);

    [Theory]
    [InlineData("daily", "00 00 * * *", 0, null)]
    [InlineData("Weekly UTC", "0 0 * * MON", 0, "UTC")]
    [InlineData("quarterly", "0 0 01 01,04,07,10 *", 0, null)]
    [InlineData("Mon..Fri 02:30", "30 02 * * MON-FRI", 0, null)]
    [InlineData("monday,Thu", "0 0 * * MON,THU", 0, null)]
    [InlineData("*:0/15", "0/15 * * * *", 0, null)]
    [InlineData("*-*-* 4:00:59", "00 4 * * *", 59, null)]
    [InlineData("Mon *-*-1..7 03:00 Europe/Berlin", "00 03 1-7 * MON", 0, "Europe/Berlin")]
    [InlineData("*~01", "0 0 L * *", 0, null)]
    [InlineData("02~03 12:00", "00 12 L-2 02 *", 0, null)]
    public void A_calendar_event_is_a_cron_expression(string text, string cron, int seconds, string? zone) =>
        Assert.Equal(new OnCalendar(cron, seconds, zone), OnCalendar.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData(" daily")]
    [InlineData("2026-12-24 18:00")]
    [InlineData("*:*:*")]
    [InlineData("02:00:00/15")]
    [InlineData("*~1..3")]
    [InlineData("*-*-1/9")]
    [InlineData("12")]
    [InlineData("Mon, Tue")]
    [InlineData("00:00:01.5")]
    [InlineData("@0")]
    [InlineData("02:00 a|b")]
    public void What_cron_cannot_express_is_none(string text) => Assert.Null(OnCalendar.Parse(text));

    [SystemdAnalyzeFact]
    public async Task It_elapses_when_systemd_says()
    {
        string[] weekdays = ["", "Mon ", "Tue..Sat ", "Sun,Wed ", "Sunday "], months = ["*", "1/3", "2,12", "3..7"],
            days = ["-*", "-1..28/9", "-13,31", "-5..11", "~1", "~07"], hours = ["*", "0/7", "3", "1,22", "8..17"], minutes = ["*",
                "0/15", "59", "5..7"];
        static Gen<string> OneOf(string[] texts) => Gen.Int[0, texts.Length - 1].Select(at => texts[at]);
        var events = Gen.Select(OneOf(weekdays), OneOf(months), OneOf(days), OneOf(hours), OneOf(minutes), Gen.Int[0, 59])
            .Select((weekday, month, day, hour, minute, second) => $"{weekday}*-{month}{day} {hour}:{minute}:{second} UTC")
            .Array[60].Single();
        foreach (var text in (string[])["daily UTC", "weekly UTC", "monthly UTC", "semi-annually UTC", "quarterly UTC", "yearly UTC",
            .. events])
        {
            var calendar = OnCalendar.Parse(text)!;
            var at = From.AddSeconds(-calendar.Seconds);
            var ours = new List<string>();
            while (ours.Count < 3)
            {
                at = CronExpression.Parse(calendar.Cron).GetNextOccurrence(at, TimeZoneInfo.Utc)!.Value;
                ours.Add($"{at.AddSeconds(calendar.Seconds):yyyy-MM-dd HH:mm:ss}");
            }

            Assert.Equal((text, string.Join(", ", await ElapsesAsync(text))), (text, string.Join(", ", ours)));
        }
    }

    private static async Task<IReadOnlyList<string>> ElapsesAsync(string text)
    {
        var start = new ProcessStartInfo(SystemdAnalyzeFactAttribute.Program) { RedirectStandardOutput = true,
            RedirectStandardError = true };
        foreach (var word in (string[])["calendar", "--iterations=3", $"--base-time={From:yyyy-MM-dd HH:mm:ss} UTC", text])
        {
            start.ArgumentList.Add(word);
        }

        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{text}: {await process.StandardError.ReadToEndAsync()}");
        return
        [
            .. output.Split('\n').Select(line => line.Trim()).Where(line =>
                    line.StartsWith("Next elapse", StringComparison.Ordinal) || line.StartsWith("Iter.", StringComparison.Ordinal))
                .Select(line => DateTime.ParseExact(
                    line[(line.IndexOf(':',
                        StringComparison.Ordinal) + 2)..], "ddd yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture))
                .Select(at => $"{at:yyyy-MM-dd HH:mm:ss}"),
        ];
    }
}
