using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Cli.Hooks;

namespace CapOrleans.Cli.Commands;

internal static class HookInstallCommand
{
    public static Command Create()
    {
        var units = new Argument<string[]>("UNIT") { Description = "With systemd: units that are watched, for example nginx.service", Arity = ArgumentArity.ZeroOrMore };
        var with = new Option<string>("--with") { Description = "systemd, cron or watchdog", DefaultValueFactory = _ => "systemd" };
        with.AcceptOnlyFromAmong("systemd", "cron", "watchdog");
        var check = new Option<string?>("--check") { Description = "With cron or watchdog: what is run, as in 'cap hook watch'" };
        var every = new Option<string>("--every") { Description = "With cron: time between two checks, minutes that divide the hour", DefaultValueFactory = _ => "5m" };
        var name = new Option<string?>("--name") { Description = "With cron or watchdog: what failed; default the check's program" };
        var folder = new Option<string?>("--folder") { Description = "Default /etc/systemd/system, /etc/cron.d or /etc/watchdog.d" };
        var severity = HookCommand.SeverityOption();
        var yes = new Option<bool>("--yes") { Description = "Write the files; without it they are only shown" };
        var command = new Command("install", "Show the files that make systemd, cron or watchdog call the hook, and write them with --yes. Example: cap hook install nginx.service --yes; cap hook install --with cron --check 'nginx -t'")
        {
            units, with, check, every, name, severity, folder, yes,
        };
        command.SetAction(parsed =>
        {
            var (kind, text) = (parsed.GetRequiredValue(with), parsed.GetValue(check));
            if (kind == "systemd" ? text is not null || parsed.GetValue(units) is not { Length: > 0 } : text is null || parsed.GetValue(units) is { Length: > 0 })
            {
                throw new CliFaultException(ExitCodes.Misconfigured, "Name the units for systemd, or say --check with --with cron and --with watchdog.");
            }

            if (text is not null && text.Any(char.IsControl))
            {
                throw new CliFaultException(ExitCodes.Misconfigured, "--check is one line.");
            }

            if (Array.Find(parsed.GetValue(units)!, unit => unit.Length is 0 or > 128 || !unit.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '_' or '.' or '@' or '-')) is { } wrong)
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"'{wrong}' names no unit.");
            }

            IReadOnlyList<InstalledFile> files = kind switch
            {
                "systemd" => HookInstallation.Systemd(parsed.GetValue(folder) ?? "/etc/systemd/system", parsed.GetValue(units)!, parsed.GetValue(severity)!),
                "cron" => [HookInstallation.Cron(parsed.GetValue(folder) ?? "/etc/cron.d", FileName(parsed.GetValue(name) ?? HookCommand.NameOf(text!)), text!, parsed.GetValue(severity)!, Minutes(parsed.GetRequiredValue(every)))],
                _ => [HookInstallation.Watchdog(parsed.GetValue(folder) ?? "/etc/watchdog.d", FileName(parsed.GetValue(name) ?? HookCommand.NameOf(text!)), text!, parsed.GetValue(severity)!)],
            };
            var write = parsed.GetValue(yes);
            if (write)
            {
                HookInstallation.Write(files);
            }

            Answer.Tell(
                new JsonObject { ["written"] = write, ["files"] = new JsonArray([.. files.Select(file => file.ToJson())]) },
                string.Join('\n', files.Select(file => $"# {file.Path}\n{file.Text}")));
            Answer.Note(!write ? "Nothing was written; add --yes to write it." : kind == "systemd" ? "Written. Now: systemctl daemon-reload" : "Written.");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>cron passes over files whose names have anything else.</summary>
    private static string FileName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        ? name
        : throw new CliFaultException(ExitCodes.Misconfigured, $"'{name}' cannot name a file for cron: choose letters, digits, - and _ with --name.");

    private static int Minutes(string text) => HookCommand.Duration("--every", text) is { Seconds: 0, TotalMinutes: >= 1 and <= 30 } every && 60 % (int)every.TotalMinutes == 0
        ? (int)every.TotalMinutes
        : throw new CliFaultException(ExitCodes.Misconfigured, $"--every is '{text}': cron takes minutes that divide the hour: 1m, 2m, 3m, 4m, 5m, 6m, 10m, 12m, 15m, 20m, 30m.");
}
