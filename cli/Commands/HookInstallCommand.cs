using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Cli.Hooks;

namespace CapOrleans.Cli.Commands;

/// <summary>Installs and removes the files with which a host's own services call the hook.</summary>
internal static class HookInstallCommand
{
    private const string Systemd = "systemd", Cron = "cron", Watchdog = "watchdog";

    public static Command CreateInstall()
    {
        var where = new TargetOptions();
        var check = new Option<string?>("--check") { Description = "With cron or watchdog: what is run, as in 'cap hook watch'" };
        var every = new Option<string>("--every")
        {
            Description = "With cron: time between two checks, minutes that divide the hour", DefaultValueFactory = _ => "5m",
        };
        var severity = HookCommand.SeverityOption();
        var yes = new Option<bool>("--yes") { Description = "Write the files; without it they are only shown" };
        var command = new Command(
            "install",
            "Show the files that make systemd, cron or watchdog call the hook, and write them with --yes. "
            + "Example: cap hook install nginx.service --yes; cap hook install --with cron --check 'nginx -t'") { check, every, severity, yes };
        where.AddTo(command);
        command.SetAction(parsed =>
        {
            var (kind, units, text) = (where.Kind(parsed), where.Units(parsed), parsed.GetValue(check));
            if (kind == Systemd ? text is not null || units.Length == 0 : text is null || units.Length > 0)
            {
                throw new CliFaultException(ExitCodes.Misconfigured, "Name the units for systemd, or give --check with --with cron and --with watchdog.");
            }

            if (text is not null && text.Any(char.IsControl))
            {
                throw new CliFaultException(ExitCodes.Misconfigured, "--check must be one line.");
            }

            var (folder, level) = (where.Folder(parsed), parsed.GetValue(severity)!);
            var files = kind switch
            {
                Systemd => HookInstallation.Systemd(folder, units, level),
                Cron => HookInstallation.Cron(folder, where.Name(parsed, text!), text!, level, Minutes(parsed.GetRequiredValue(every))),
                _ => HookInstallation.Watchdog(folder, where.Name(parsed, text!), text!, level),
            };
            foreach (var unknown in units.Where(FailedUnit.IsUnknown))
            {
                Output.Warn($"systemd has no unit {UnitName.Full(unknown)}: is the name right?");
            }

            var write = parsed.GetValue(yes);
            if (write)
            {
                HookInstallation.Write(files);
            }

            Output.Print(
                new JsonObject { ["written"] = write, ["files"] = new JsonArray([.. files.Select(file => file.ToJson())]) },
                string.Join('\n', files.Select(file => $"# {file.Path}\n{file.Text}")));
            Note(write, kind, "written", "write");
            return ExitCodes.Done;
        });
        return command;
    }

    public static Command CreateUninstall()
    {
        var where = new TargetOptions();
        var yes = new Option<bool>("--yes") { Description = "Delete the files; without it they are only named" };
        var command = new Command(
            "uninstall",
            "Name the files that 'cap hook install' wrote, and delete them with --yes. "
            + "Example: cap hook uninstall nginx.service --yes; cap hook uninstall --with cron --name nginx") { yes };
        where.AddTo(command);
        command.SetAction(parsed =>
        {
            var (kind, units, folder) = (where.Kind(parsed), where.Units(parsed), where.Folder(parsed));
            if (kind == Systemd && units.Length == 0)
            {
                throw new CliFaultException(ExitCodes.Misconfigured, "Name the units, or give --name with --with cron and --with watchdog.");
            }

            var files = kind == Systemd ? HookInstallation.OfSystemd(folder, units) : HookInstallation.OfCheck(folder, kind, where.Name(
                parsed, ""));
            var delete = parsed.GetValue(yes) && files.Count > 0;
            if (delete)
            {
                HookInstallation.Delete(files);
            }

            var names = new JsonArray([.. files.Select(file => JsonValue.Create(file))]);
            Output.Print(new JsonObject { ["deleted"] = delete, ["files"] = names },
                files.Count == 0 ? "nothing is installed" : string.Join('\n', files));
            if (files.Count == 0)
            {
                return ExitCodes.Done;
            }

            Note(delete, kind, "deleted", "delete");
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Note(bool isDone, string kind, string done, string toDo) => Output.Note(
        !isDone ? $"Nothing was {done}; add --yes to {toDo} it." : $"{char.ToUpperInvariant(done[0])}{done[1..]}.{(kind == Systemd ? " Now: systemctl daemon-reload" : "")}");

    private static int Minutes(string text) =>
        HookCommand.Duration("--every", text) is { Seconds: 0, TotalMinutes: >= 1 and <= 30 } every && 60 % (int)every.TotalMinutes == 0
            ? (int)every.TotalMinutes
            : throw new CliFaultException(
                ExitCodes.Misconfigured, $"--every is '{text}': cron takes minutes that divide the hour: 1m, 2m, 3m, 4m, 5m, 6m, 10m, 12m, 15m, 20m, 30m.");

    /// <summary>Options for what calls the hook, for what, and in which folder the files are.</summary>
    private sealed class TargetOptions
    {
        private readonly Argument<string[]> units = new("UNIT")
        {
            Description = "With systemd: units that are watched, for example nginx.service", Arity = ArgumentArity.ZeroOrMore,
        };

        private readonly Option<string> with = new("--with") { Description = "systemd, cron or watchdog", DefaultValueFactory = _ => Systemd };

        private readonly Option<string?> name = new("--name") { Description = "With cron or watchdog: what failed; default the check's program" };

        private readonly Option<string?> folder = new("--folder") { Description = "Default /etc/systemd/system, /etc/cron.d or /etc/watchdog.d" };

        public void AddTo(Command command)
        {
            with.AcceptOnlyFromAmong(Systemd, Cron, Watchdog);
            command.Arguments.Add(units);
            Array.ForEach<Option>([with, name, folder], command.Options.Add);
        }

        public string Kind(ParseResult parsed) => parsed.GetRequiredValue(with);

        public string[] Units(ParseResult parsed)
        {
            var named = parsed.GetValue(units)!;
            return Array.Find(named, unit => !UnitName.IsName(unit)) is { } wrong
                ? throw new CliFaultException(ExitCodes.Misconfigured, $"'{wrong}' is not the name of a unit.")
                : named;
        }

        public string Folder(ParseResult parsed) => parsed.GetValue(folder) ?? Kind(parsed) switch
        {
            Systemd => "/etc/systemd/system", Cron => "/etc/cron.d", _ => "/etc/watchdog.d",
        };

        /// <summary>
        /// Returns a name that is safe for a file: cron ignores files whose names have other characters.
        /// </summary>
        public string Name(ParseResult parsed, string check)
        {
            var text = parsed.GetValue(name) ?? (check.Length == 0 ? "" : HookCommand.NameOf(check));
            return text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
                ? text
                : throw new CliFaultException(
                    ExitCodes.Misconfigured, $"'{text}' cannot name a file for cron: choose letters, digits, - and _ with --name.");
        }
    }
}
