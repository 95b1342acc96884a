using System.Globalization;
using System.Text;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// A systemd unit that failed, as systemd (251 and later) describes it to what it starts by <c>OnFailure=</c>:
/// <c>MONITOR_INVOCATION_ID</c>, <c>MONITOR_SERVICE_RESULT</c>, and for a main process that ended
/// <c>MONITOR_EXIT_CODE</c> and <c>MONITOR_EXIT_STATUS</c>.
/// </summary>
/// <param name="Invocation">32 hex digits, different for each start of the unit.</param>
internal sealed record FailedUnit(string Name, string Invocation, string Result, string? ExitCode, string? ExitStatus, string Journal, DateTimeOffset At)
{
    private static readonly string[] TimeFormats = ["ddd yyyy-MM-dd HH:mm:ss 'UTC'"];

    /// <param name="name">
    /// Used only when systemd does not name the unit (before 251), because a line of a unit file interprets escapes in
    /// it.
    /// </param>
    public static FailedUnit Read(string name)
    {
        name = UnitName.Full(Variable("MONITOR_UNIT") ?? name);
        var given = Variable("MONITOR_INVOCATION_ID");
        var state = ReadProperties(name);
        var invocation = given ?? state.GetValueOrDefault("InvocationID") ?? "";
        if (invocation.Length == 0)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{name} has never run: systemd has no invocation of " +
                "it. Is the name right?");
        }

        return new FailedUnit(
            name, invocation,
            Variable("MONITOR_SERVICE_RESULT") ?? state.GetValueOrDefault("Result") ?? "unknown",
            Variable("MONITOR_EXIT_CODE"), Variable("MONITOR_EXIT_STATUS"),
            Output("journalctl", "--unit", name, $"_SYSTEMD_INVOCATION_ID={invocation}", "--lines", "20", "--output", "cat", "--no-pager"),
            Instant(state.GetValueOrDefault("StateChangeTimestamp")) ?? TimeProvider.System.GetUtcNow());
    }

    public HookIncident ToIncident(Weight weight) => new(
        Name.EndsWith(".service", StringComparison.Ordinal) ? Name[..^8] : Name, IncidentSeed.Of($"{Environment.MachineName}/{Invocation}"), weight,
        $"{Name} failed: {Result}{(ExitCode is null ? "" : $", {ExitCode} {ExitStatus}")}\n{Journal}", At);

    /// <summary>Whether systemd is present and does not have this unit.</summary>
    public static bool IsUnknown(string unit) =>
        Output("systemctl", "show", UnitName.Full(unit), "--property", "LoadState", "--value").Trim() == "not-found";

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? text : null;

    private static Dictionary<string, string> ReadProperties(string name) => Output("systemctl", "show", name, "--property",
        "InvocationID,Result,StateChangeTimestamp")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).Where(pair => pair is [_, { Length: > 0 }]).ToDictionary(pair => pair[0], pair => pair[1]);

    private static DateTimeOffset? Instant(string? text) =>
        DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    /// <returns>Empty when the program is missing or fails; the report is sent without it.</returns>
    private static string Output(string program, params string[] arguments)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["TZ"] = "UTC", ["LC_ALL"] = "C" }, StandardOutputEncoding = Encoding.UTF8,
            })!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? text : "";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
