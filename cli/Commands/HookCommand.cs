using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using CapOrleans.Cli.Hooks;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Commands;

/// <summary>Turns failures into incidents: around a command, after a systemd unit, or by checking a service.</summary>
internal static partial class HookCommand
{
    private const string RunName = "run";

    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(24);

    public static Command Create() => new("hook", "Make incidents from failures on this host and send them to the gate of VPN_ENDPOINT. Example: cap hook run -- nginx -t") { Run(), Unit(), Watch(), HookInstallCommand.CreateInstall(), HookInstallCommand.CreateUninstall(), Flush() };

    /// <summary>Whether this is <c>hook run</c>, where signals are meant for the command that it runs.</summary>
    public static bool IsRun(ParseResult parsed) =>
        parsed.CommandResult.Command is { Name: RunName, Parents: var parents } && parents.Any(parent => parent.Name == "hook");

    private static Command Run()
    {
        var options = new HookOptions();
        var line = new Argument<string[]>("COMMAND") { Description = "The command and its arguments, behind --", Arity = ArgumentArity.OneOrMore };
        var command = new Command(
            RunName,
            "Run a command; when it fails, report it with the end of its error output. Ends as the command does, with 126, 127, or 128 and the "
            + "signal's number as in a shell. Example: cap hook run --severity critical -- nginx -t");
        options.AddTo(command, runs: true);
        command.Arguments.Add(line);
        command.SetAction(async (parsed, _) =>
        {
            var words = parsed.GetRequiredValue(line);
            var ended = await RunCommand.RunAsync(CommandLine.OfThisProcess(words), forward: true, limit: null, CancellationToken.None);
            if (ended.ExitCode != 0)
            {
                var program = words[0].Contains('=') ? NameOf(string.Join(' ', words)) : Path.GetFileName(words[0]); // a value may be a secret
                var text = $"{(options.IncludesCommand(parsed) ? string.Join(' ', words) : program)} {ended.HowItEnded}\n{ended.ErrorTail}";
                var failure = new HookIncident(options.Name(parsed) ?? program, IncidentSeed.New(), options.Weight(parsed), text, ended.EndedAt);
                await ReportAsync(failure, () => options.Key(parsed), CancellationToken.None);
            }
            else
            {
                await HookDelivery.DeliverWaitingAsync(CancellationToken.None);
            }

            return ended.ExitCode;
        });
        return command;
    }

    private static Command Unit()
    {
        var options = new HookOptions();
        var unit = new Argument<string>("NAME") { Description = "The unit that failed, for example nginx.service" };
        var command = new Command(
            "unit",
            "Report a failed systemd unit; called by OnFailure=, see 'cap hook install'. The unit's invocation is one incident, however often it is "
            + "called. Example: cap hook unit nginx.service") { unit };
        options.AddTo(command, runs: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var failed = FailedUnit.Read(parsed.GetRequiredValue(unit)).ToIncident(options.Weight(parsed));
            return Print(await HookDelivery.DeliverAsync(failed.Sign(options.Key(parsed)), isUnlimited: false, cancellationToken));
        });
        return command;
    }

    private static Command Watch()
    {
        var options = new HookOptions();
        var check = new Option<string>("--check") { Description = "Run with /bin/sh -c; it fails while the fault lasts", Required = true };
        var every = new Option<string>("--every")
        {
            Description = "Time between two checks, for example 30s, 5m, 1h, 1d", DefaultValueFactory = _ => "30s",
        };
        var limit = new Option<string>("--limit")
        {
            Description = "For one check, for example 10s, 5m; one that takes longer is killed and counts as failed", DefaultValueFactory = _ => "1m",
        };
        var once = new Option<bool>("--once") { Description = "Check once and end; the previous result is remembered. For cron" };
        var command = new Command(
            "watch",
            "Run a check repeatedly: report one incident when it begins to fail, and one of severity normal when it recovers. "
            + "Example: cap hook watch --check 'nginx -t' --every 30s") { check, every, limit, once };
        options.AddTo(command, runs: true);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var text = parsed.GetRequiredValue(check);
            var program = NameOf(text);
            var watched = new WatchedCheck(
                options.Name(parsed) ?? program, text, options.IncludesCommand(parsed) ? text : program, options.Weight(parsed),
                Duration("--limit", parsed.GetRequiredValue(limit)), options.Key(parsed));
            watched.RequireSettings();
            if (parsed.GetValue(once))
            {
                return await watched.CheckAsync(cancellationToken);
            }

            var pause = Duration("--every", parsed.GetRequiredValue(every));
            try
            {
                await Task.Yield(); // a signal that arrives before this method has returned ends in 143, whatever it does later
                await watched.RunAsync(pause, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // Stopped on request.
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static int Print(Delivered delivered)
    {
        Output.Print(delivered.ToJson(), $"{delivered}");
        return delivered.ExitCode;
    }

    /// <summary>
    /// Reports a failure. The caller waits for the command's own exit code, so the outcome of the report is printed and
    /// changes nothing.
    /// </summary>
    private static async Task ReportAsync(HookIncident failure, Func<PrivateKey> key, CancellationToken cancellationToken)
    {
        try
        {
            var incident = await SignAsync(failure, key, cancellationToken);
            var delivered = await HookDelivery.DeliverAsync(incident, isUnlimited: false, cancellationToken);
            Output.Note($"cap: {IncidentFile.Check(incident).IncidentId}: {delivered}");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            var why = CliFaultException.Of(fault);
            Output.PrintFault(why.ExitCode == ExitCodes.Refused ? why // that report was put aside
                : new CliFaultException(why.ExitCode, $"The failure is NOT reported: {why.Message}"));
        }
    }

    /// <exception cref="CliFaultException">
    /// It cannot be signed; it is put aside, to be signed when the cause is fixed.
    /// </exception>
    private static async Task<byte[]> SignAsync(HookIncident failure, Func<PrivateKey> key, CancellationToken cancellationToken)
    {
        try
        {
            return failure.Sign(key());
        }
        catch (CliFaultException fault)
        {
            var file = await HookSpool.Open(CapEnvironment.Spool).KeepUnsignedAsync(failure.Write(), fault.Message, cancellationToken);
            throw new CliFaultException(fault.ExitCode, $"{fault.Message} The report is kept unsigned at {file}; once " +
                "that is fixed: cap hook " +
                $"flush --refused");
        }
    }

    public static Option<string> SeverityOption()
    {
        var option = new Option<string>("--severity") { Description = "normal, high, escalated or critical", DefaultValueFactory = _ => Severity.High };
        option.AcceptOnlyFromAmong([.. Severity.Ladder]);
        return option;
    }

    /// <summary>
    /// Returns the name of a check's first program, never a value that is set before it nor an argument.
    /// </summary>
    public static string NameOf(string check) => Program().Match(check) is { Success: true } match ? match.Groups[1].Value : "check";

    public static TimeSpan Duration(string option, string text)
    {
        TimeSpan? unit = text is [_, .., var last] ? last switch
        {
            's' => TimeSpan.FromSeconds(1), 'm' => TimeSpan.FromMinutes(1), 'h' => TimeSpan.FromHours(1), 'd' => TimeSpan.FromDays(1), _ => null,
        } : null;
        return unit is not null && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 0 && number <= LongestDuration / unit.Value ? number * unit.Value
            : throw new CliFaultException(
                ExitCodes.Misconfigured, $"{option} is '{text}': choose a number with s, m, h or d, for example 30s; " +
                    $"{LongestDuration.TotalDays:0} days at most.");
    }

    [GeneratedRegex("""^\s*(?:[A-Za-z_]\w*=(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])*\s+)*(?:[\w.+@-]*/)*([\w.+@-]+)(?=[\s;|&<>()]|$)""")]
    private static partial Regex Program();
}
