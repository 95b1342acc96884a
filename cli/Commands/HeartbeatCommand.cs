using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Cli.Heartbeats;
using CapOrleans.Cli.Hooks;
using CapOrleans.Client;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Commands;

/// <summary>Sends heartbeats, for a job from its start to its end, and shows those of a CapID.</summary>
internal static class HeartbeatCommand
{
    /// <summary>How long the start of a job may wait for the API.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(3);

    /// <summary>After the job: its outcome matters, but a cron job must end.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(30), RetryInterval = TimeSpan.FromSeconds(3);

    private static readonly Argument<string[]> Line = new("COMMAND")
    {
        Description = "The job and its arguments, behind --", Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Create()
    {
        var name = new Argument<string?>("NAME") { Description = "Name of the job", Arity = ArgumentArity.ZeroOrOne };
        var options = new Options();
        var command = new Command(
            "heartbeat", "Run a job and send heartbeats when it starts and ends, or send a single one: when none arrives in time, an " +
                "incident is filed. Example: cap heartbeat backup --cron '0 3 * * *' --grace 2h -- /usr/local/bin/backup") { name, Line };
        options.AddTo(command);
        command.Add(List());
        command.Add(Remove());
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var job = parsed.GetValue(name) ?? throw new CliFaultException(ExitCodes.Misconfigured, "Name the job: cap heartbeat NAME.");
            var heartbeat = options.Read(parsed, job);
            if (parsed.GetValue(Line) is not { Length: > 0 } words)
            {
                await Servers.ApiAsync(api => heartbeat.SendAsync(api, parsed.GetValue(options.End)
                    ? HeartbeatEvent.End : HeartbeatEvent.Success, null, cancellationToken));
                return Output.Print(new JsonObject { ["sent"] = job }, "sent");
            }

            await heartbeat.TrySendAsync(HeartbeatEvent.Start, null, StartTimeout);
            var ended = await RunCommand.RunAsync(CommandLine.OfThisProcess(words), forward: true, limit: null, CancellationToken.None);
            await heartbeat.TrySendAsync(
                ended.ExitCode == 0 ? HeartbeatEvent.Success : HeartbeatEvent.Failure, ended.ExitCode, EndTimeout);
            return ended.ExitCode;
        });
        return command;
    }

    /// <summary>Whether it runs a job, for which signals are meant.</summary>
    public static bool RunsJob(ParseResult parsed) =>
        parsed.CommandResult.Command.Name == "heartbeat" && parsed.GetValue(Line) is { Length: > 0 };

    private static Command List()
    {
        var cap = CapOption();
        var command = new Command("list", "Show the heartbeats of a CapID. Example: cap heartbeat list") { cap };
        command.SetAction(async (parsed, cancellationToken) => Output.Print(
            await Servers.ApiAsync(api => api.ListHeartbeatsAsync(parsed.GetRequiredValue(cap), cancellationToken)),
            ClientJson.Default.IReadOnlyListHeartbeatView));
        return command;
    }

    private static Command Remove()
    {
        var (name, cap) = (new Argument<string>("NAME") { Description = "Name of the job" }, CapOption());
        var command = new Command("remove", "Expect no more heartbeats, as an operator. Example: cap heartbeat remove backup") { name,
            cap };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api =>
                api.RemoveHeartbeatAsync(parsed.GetRequiredValue(cap), parsed.GetRequiredValue(name), cancellationToken));
            return Output.Print(new JsonObject { ["removed"] = parsed.GetRequiredValue(name) }, "removed");
        });
        return command;
    }

    private static Option<string> CapOption() =>
        new("--cap") { Description = "The CapID; default CAP_ID", DefaultValueFactory = _ => CapEnvironment.CapId };

    private sealed class Options
    {
        private readonly Option<string?> every = new("--every")
        {
            Description = "Time from one heartbeat to the next, for example 60s, 1h, 1d",
        };

        private readonly Option<string?> cron = new("--cron") { Description = "When the job starts, as a cron expression of five fields" };
        private readonly Option<string?> calendar = new("--on-calendar")
        {
            Description = $"When the job starts, as OnCalendar= of its systemd timer: {OnCalendar.Rule}; the timer's AccuracySec, one " +
                "minute by default, and RandomizedDelaySec are part of --grace",
        };

        private readonly Option<string?> zone = new("--zone")
        {
            Description = "Time zone of --cron, such as Europe/Berlin, default UTC; or of --on-calendar, default that of this machine",
        };

        private readonly Option<string> grace = new("--grace")
        {
            Description = "How late a heartbeat may be, and how long the job may take, for example 30s, 2h", Required = true,
        };

        private readonly Option<string> severity = HookCommand.SeverityOption();
        private readonly Option<string> cap = CapOption();
        private readonly Option<string?> key = SignCommand.KeyOption();

        public Option<bool> End { get; } = new("--end") { Description = "No more heartbeats are to be expected" };

        public void AddTo(Command command) => Array.ForEach<Option>([every, cron, calendar, zone, grace, severity, cap, key, End],
            command.Options.Add);

        public SignedHeartbeats Read(ParseResult parsed, string name)
        {
            var (schedule, second) = Schedule(parsed);
            return new SignedHeartbeats(
                parsed.GetRequiredValue(cap), name, schedule,
                second + (int)HookCommand.Duration("--grace",
                    parsed.GetRequiredValue(grace)).TotalSeconds, parsed.GetRequiredValue(severity),
                CapEnvironment.Key(parsed.GetValue(key)));
        }

        /// <returns>The schedule, and how many seconds after its minute a job starts.</returns>
        private (HeartbeatSchedule Schedule, int Second) Schedule(ParseResult parsed) =>
            (parsed.GetValue(every), parsed.GetValue(cron), parsed.GetValue(calendar)) switch
            {
                ({ } text, null, null) => (new((int)HookCommand.Duration("--every", text).TotalSeconds, null, parsed.GetValue(zone)), 0),
                (null, { } text, null) => (new(null, text, parsed.GetValue(zone)), 0),
                (null, null, { } text) when OnCalendar.Parse(text) is { } found =>
                    (new(null, found.Cron, found.TimeZone ?? parsed.GetValue(zone) ?? TimeZoneInfo.Local.Id), found.Seconds),
                (null, null, not null) => throw new CliFaultException(ExitCodes.Misconfigured, $"--on-calendar is {OnCalendar.Rule}."),
                _ => throw new CliFaultException(
                    ExitCodes.Misconfigured, "Say when heartbeats are expected: --every, --cron or --on-calendar."),
            };
    }

    /// <summary>Signs and sends heartbeats of one job.</summary>
    private sealed record SignedHeartbeats(
        string CapId, string Name, HeartbeatSchedule Schedule, int GraceSeconds, string Severity, PrivateKey Key)
    {
        private DateTimeOffset last;

        public Task SendAsync(ICapOrleansClient api, HeartbeatEvent happened, int? exitStatus, CancellationToken cancellationToken)
        {
            var now = TimeProvider.System.GetUtcNow();
            last = now > last.AddMilliseconds(1) ? now : last.AddMilliseconds(1); // each is later than the one before
            return api.SendHeartbeatAsync(
                CapId, Name, HeartbeatSigner.Sign(CapId, Name, happened, exitStatus, Schedule, GraceSeconds, Severity, Key,
                    last), cancellationToken);
        }

        /// <summary>Sends it if it can: the job runs anyway, and its exit status is ours.</summary>
        public async Task TrySendAsync(HeartbeatEvent happened, int? exitStatus, TimeSpan limit)
        {
            using var timeout = new CancellationTokenSource(limit, TimeProvider.System);
            while (true)
            {
                try
                {
                    await Servers.ApiAsync(api => SendAsync(api, happened, exitStatus, timeout.Token));
                    return;
                }
                catch (Exception fault) when (fault is CliFaultException or OperationCanceledException)
                {
                    var isRefused = (fault as CliFaultException)?.ExitCode == ExitCodes.Refused;
                    if (timeout.IsCancellationRequested || limit <= RetryInterval || isRefused)
                    {
                        Output.Warn($"The heartbeat of {Name} could not be sent: {fault.Message}");
                        return;
                    }
                }

                await Task.Delay(RetryInterval, TimeProvider.System);
            }
        }
    }
}
