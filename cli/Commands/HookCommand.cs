using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using CapOrleans.Cli.Hooks;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Where faults become incidents: around a command, behind a systemd unit, or beside a service.</summary>
internal static partial class HookCommand
{
    public static Command Create() => new("hook", "Make incidents from failures on this host and send them to the gate of VPN_ENDPOINT. Example: cap hook run -- nginx -t") { Run(), Unit(), Watch(), HookInstallCommand.Create(), Flush() };

    private static Command Run()
    {
        var (name, severity, key, include) = (NameOption(), SeverityOption(), SignCommand.KeyOption(), IncludeCommandOption());
        var line = new Argument<string[]>("COMMAND") { Description = "The command and its arguments, behind --", Arity = ArgumentArity.OneOrMore };
        var command = new Command("run", "Run a command; when it fails, report it with the end of its error output. Ends as the command does. Example: cap hook run --severity critical -- nginx -t") { name, severity, key, include, line };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var words = parsed.GetRequiredValue(line);
            var ended = await RunCommand.RunAsync(words, cancellationToken);
            if (ended.ExitCode != 0)
            {
                await ReportAsync(
                    () => new HookIncident(
                        parsed.GetValue(name) ?? Path.GetFileName(words[0]), IncidentSeed.New(), parsed.GetValue(severity)!,
                        $"{(parsed.GetValue(include) ? string.Join(' ', words) : Path.GetFileName(words[0]))} exited with status {ended.ExitCode}\n{ended.ErrorTail}", ended.EndedAt).Sign(CapEnvironment.Key(parsed.GetValue(key))),
                    cancellationToken);
            }

            return ended.ExitCode;
        });
        return command;
    }

    private static Command Unit()
    {
        var (severity, key) = (SeverityOption(), SignCommand.KeyOption());
        var unit = new Argument<string>("NAME") { Description = "The unit that failed, for example nginx.service" };
        var command = new Command("unit", "Report a failed systemd unit; called by OnFailure=, see 'cap hook install'. The unit's invocation is one incident, however often it is called. Example: cap hook unit nginx.service") { unit, severity, key };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var failed = FailedUnit.Read(parsed.GetRequiredValue(unit));
            return Tell(await HookDelivery.DeliverAsync(failed.ToIncident(parsed.GetValue(severity)!).Sign(CapEnvironment.Key(parsed.GetValue(key))), cancellationToken));
        });
        return command;
    }

    private static Command Watch()
    {
        var (name, severity, key, include) = (NameOption(), SeverityOption(), SignCommand.KeyOption(), IncludeCommandOption());
        var check = new Option<string>("--check") { Description = "Run with /bin/sh -c; it fails while the fault lasts", Required = true };
        var every = new Option<string>("--every") { Description = "Time between two checks, for example 30s, 5m, 1h", DefaultValueFactory = _ => "30s" };
        var once = new Option<bool>("--once") { Description = "Check once and end; what was found the last time is remembered. For cron" };
        var command = new Command("watch", "Run a check again and again: one incident when it begins to fail, and one of severity normal when it heals. Example: cap hook watch --check 'nginx -t' --every 30s") { check, every, once, name, severity, key, include };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var text = parsed.GetRequiredValue(check);
            var watched = new WatchedCheck(parsed.GetValue(name) ?? NameOf(text), text, parsed.GetValue(include) ? text : NameOf(text), parsed.GetValue(severity)!, CapEnvironment.Key(parsed.GetValue(key)));
            if (parsed.GetValue(once))
            {
                return await watched.CheckAsync(cancellationToken);
            }

            var pause = Duration("--every", parsed.GetRequiredValue(every));
            try
            {
                await watched.RunAsync(pause, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // Whoever started it has stopped it.
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Flush()
    {
        var refused = new Option<bool>("--refused") { Description = "And what was refused and put aside, for example before the host's key was added" };
        var command = new Command("flush", "Send what no gate took. Example: cap hook flush") { refused };
        command.SetAction(async (parsed, cancellationToken) => Tell(parsed.GetValue(refused)
            ? await HookDelivery.DeliverRefusedAsync(cancellationToken)
            : await HookDelivery.DeliverAsync(null, cancellationToken)));
        return command;
    }

    private static int Tell(Delivered delivered)
    {
        Answer.Tell(delivered.ToJson(), $"{delivered}");
        return delivered.ExitCode;
    }

    /// <summary>The command's own end is what its caller waits for: what became of the report, even for want of a key, is printed and changes nothing.</summary>
    private static async Task ReportAsync(Func<byte[]> sign, CancellationToken cancellationToken)
    {
        try
        {
            var incident = sign();
            var delivered = await HookDelivery.DeliverAsync(incident, cancellationToken);
            Answer.Note($"cap: {IncidentFile.Check(incident).IncidentId}: {delivered}");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Answer.Complain(CliFaultException.Of(fault));
        }
    }

    private static Option<string?> NameOption() => new("--name") { Description = "What failed; the incident's id begins with it; default the command's name" };

    private static Option<bool> IncludeCommandOption() => new("--include-command") { Description = "Put the whole command line into the incident, not only the program's name; usual forms of secrets are masked" };

    public static Option<string> SeverityOption()
    {
        var option = new Option<string>("--severity") { Description = "normal, high, escalated or critical", DefaultValueFactory = _ => Severity.High };
        option.AcceptOnlyFromAmong([.. Severity.Ladder]);
        return option;
    }

    /// <summary>The name of the first program of a check; never one of the values that are set before it, nor its arguments.</summary>
    public static string NameOf(string check) => Program().Match(check) is { Success: true } match ? match.Groups[1].Value : "check";

    public static TimeSpan Duration(string option, string text) =>
        text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && text[^1] is 's' or 'm' or 'h'
            ? number * (text[^1] switch { 's' => TimeSpan.FromSeconds(1), 'm' => TimeSpan.FromMinutes(1), _ => TimeSpan.FromHours(1) })
            : throw new CliFaultException(ExitCodes.Misconfigured, $"{option} is '{text}': a number and s, m or h, for example 30s.");

    [GeneratedRegex("""^\s*(?:[A-Za-z_]\w*=(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])*\s+)*(?:[\w.+@-]*/)*([\w.+@-]+)(?=[\s;|&<>()]|$)""")]
    private static partial Regex Program();
}
