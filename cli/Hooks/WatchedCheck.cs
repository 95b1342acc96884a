using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// A check that is run repeatedly; only changes of its result are reported. A report is on disk, byte for byte, before
/// it is sent: a watch that is killed and restarted neither repeats a report nor omits one.
/// </summary>
/// <param name="limit">Time limit for one check.</param>
/// <param name="shown">How an incident names the check: its program, or all of it.</param>
internal sealed class WatchedCheck(string name, string check, string shown, Weight weight, TimeSpan limit, PrivateKey key)
{
    private readonly string file = Path.Combine(CapEnvironment.Spool, $"watch-{IncidentSeed.Of($"{name}/{check}")}.state");

    private State? last;

    /// <summary>
    /// Fails now, and not when the check fails, if the settings do not suffice to make and send an incident.
    /// </summary>
    /// <exception cref="CliFaultException">A setting cannot be used.</exception>
    public void RequireSettings()
    {
        IncidentFile.Check(new HookIncident(name, IncidentSeed.New(), weight, shown, TimeProvider.System.GetUtcNow()).Sign(key));
        Servers.GateUrl(null);
    }

    public async Task RunAsync(TimeSpan every, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(every, TimeProvider.System);
        do
        {
            try
            {
                await CheckAsync(cancellationToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                Output.Warn(CliFaultException.Of(fault).Message); // the watch continues, and tries again at the next check
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <returns>
    /// <see cref="ExitCodes.Done"/>, <see cref="ExitCodes.Spooled"/> when something is queued,
    /// <see cref="ExitCodes.Refused"/> when it was refused.
    /// </returns>
    /// <exception cref="CliFaultException">
    /// The previous result cannot be read, or the same check is running already.
    /// </exception>
    public async Task<int> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var alone = Lock();
            return await CompareAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file}: {fault.Message}");
        }
    }

    /// <summary>
    /// Two concurrent checks would find the same change and report it twice. Where nothing can be written, the change
    /// is reported without a lock.
    /// </summary>
    private FileStream? Lock()
    {
        try
        {
            Directory.CreateDirectory(CapEnvironment.Spool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return PrivateFile.OpenLock($"{file}.lock");
        }
        catch (IOException fault) when (PrivateFile.IsHeld(fault))
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"'{check}' is being checked already.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private async Task<int> CompareAsync(CancellationToken cancellationToken)
    {
        var ended = await RunCommand.RunAsync(CommandLine.Of("/bin/sh", "-c", check), forward: false, limit, cancellationToken);
        var state = Read();
        if (ended.ExitCode != 0 != state.IsFailing && state.Pending is null)
        {
            state = state.IsFailing
                ? new State(state.Seed, false, Text(new HookIncident(name, state.Seed!, new Weight(Severity.Normal), $"{shown} succeeds again", ended.EndedAt).Sign(key, "OK")))
                : Failed(IncidentSeed.New(), ended);
            Write(state);
        }

        if (state.Pending is not null)
        {
            var code = ExitCodes.Done;
            try
            {
                var incident = Encoding.UTF8.GetBytes(state.Pending);
                var delivered = await HookDelivery.DeliverAsync(incident, isUnlimited: false, cancellationToken);
                Output.Note($"cap: {IncidentFile.Check(incident).IncidentId}: {delivered}");
                code = delivered.ExitCode;
            }
            catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Refused)
            {
                code = Output.PrintFault(fault); // it is put aside; sending it again would not help
            }

            Write(state with { Pending = null });
            return code;
        }

        return Directory.Exists(CapEnvironment.Spool) && Directory.EnumerateFiles(CapEnvironment.Spool, "*.json").Any()
            ? (await HookDelivery.DeliverAsync(null, isUnlimited: false, cancellationToken)).ExitCode // what no gate accepted before
            : ExitCodes.Done;
    }

    private State Failed(string seed, RunCommand ended) =>
        new(seed, true, Text(new HookIncident(name, seed, weight, $"{shown} {ended.HowItEnded}\n{ended.ErrorTail}", ended.EndedAt).Sign(key)));

    private static string Text(byte[] incident) => Encoding.UTF8.GetString(incident);

    private State Read()
    {
        if (last is null && File.Exists(file))
        {
            try
            {
                var held = JsonNode.Parse(File.ReadAllText(file))!;
                last = new State((string?)held["seed"], (bool)held["failing"]!, (string?)held["pending"]);
            }
            catch (Exception fault) when (fault is JsonException or InvalidOperationException or NullReferenceException)
            {
                Output.Warn($"{file} is damaged; the previous result is unknown: {fault.Message}");
            }
        }

        return last ??= new State(null, false, null);
    }

    /// <summary>
    /// Saves the state. On a full disk it is known only until this process ends: the full disk may be what is to be
    /// reported.
    /// </summary>
    private void Write(State state)
    {
        last = state;
        try
        {
            Directory.CreateDirectory(CapEnvironment.Spool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            PrivateFile.Replace(file, new JsonObject { ["seed"] = state.Seed, ["failing"] = state.IsFailing,
                ["pending"] = state.Pending }.ToJsonString());
        }
        catch (Exception fault) when (fault is CliFaultException or IOException or UnauthorizedAccessException)
        {
            Output.Warn(fault.Message);
        }
    }

    /// <param name="Seed">Seed of the current or the latest failure.</param>
    /// <param name="Pending">The signed incident that reports it, until it is sent or kept.</param>
    private sealed record State(string? Seed, bool IsFailing, string? Pending);
}
