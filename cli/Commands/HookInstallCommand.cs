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
        var every = new Option<string>("--every") { Description = "With cron: time between two checks, 1m to 59m", DefaultValueFactory = _ => "5m" };
        var name = new Option<string?>("--name") { Description = "With cron or watchdog: what failed; default the check's program" };
        var folder = new Option<string?>("--folder") { Description = "Default /etc/systemd/system, /etc/cron.d or /etc/watchdog.d" };
        var yes = new Option<bool>("--yes") { Description = "Write the files; without it they are only shown" };
        var command = new Command("install", "Show the files that make systemd, cron or watchdog call the hook, and write them with --yes. Example: cap hook install nginx.service --yes; cap hook install --with cron --check 'nginx -t'")
        {
            units, with, check, every, name, folder, yes,
        };
        command.SetAction(parsed =>
        {
            var (kind, text) = (parsed.GetRequiredValue(with), parsed.GetValue(check));
            if (kind == "systemd" ? text is not null || parsed.GetValue(units) is not { Length: > 0 } : text is null || parsed.GetValue(units) is { Length: > 0 })
            {
                throw new CliFaultException(ExitCodes.Misconfigured, "Name the units for systemd, or say --check with --with cron and --with watchdog.");
            }

            IReadOnlyList<InstalledFile> files = kind switch
            {
                "systemd" => HookInstallation.Systemd(parsed.GetValue(folder) ?? "/etc/systemd/system", parsed.GetValue(units)!),
                "cron" => [HookInstallation.Cron(parsed.GetValue(folder) ?? "/etc/cron.d", FileName(parsed.GetValue(name) ?? HookCommand.NameOf(text!)), text!, Minutes(parsed.GetRequiredValue(every)))],
                _ => [HookInstallation.Watchdog(parsed.GetValue(folder) ?? "/etc/watchdog.d", FileName(parsed.GetValue(name) ?? HookCommand.NameOf(text!)), text!)],
            };
            var write = parsed.GetValue(yes);
            if (write)
            {
                HookInstallation.Write(files);
            }

            parsed.Tell(
                new JsonObject { ["written"] = write, ["files"] = new JsonArray([.. files.Select(file => file.ToJson())]) },
                string.Join('\n', files.Select(file => $"# {file.Path}\n{file.Text}")));
            Console.Error.WriteLine(!write ? "Nothing was written; say --yes to write it." : kind == "systemd" ? "Written. Now: systemctl daemon-reload" : "Written.");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>cron passes over files whose names have anything else.</summary>
    private static string FileName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        ? name
        : throw new CliFaultException(ExitCodes.Misconfigured, $"'{name}' cannot name a file for cron: choose letters, digits, - and _ with --name.");

    private static int Minutes(string text) => HookCommand.Duration("--every", text) is { Seconds: 0, TotalMinutes: >= 1 and <= 59 } every
        ? (int)every.TotalMinutes
        : throw new CliFaultException(ExitCodes.Misconfigured, $"--every is '{text}': cron takes 1m to 59m.");
}
