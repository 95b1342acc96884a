using System.Text.Json.Nodes;
using CapOrleans.Cli.Commands;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Hooks;

/// <summary>A check that is run again and again. Only its changes are told, and what it said last is on disk: a watch that is started again tells nothing twice.</summary>
internal sealed class WatchedCheck(string name, string check, string severity, PrivateKey key)
{
    private readonly string file = Path.Combine(CapEnvironment.Spool, $"watch-{HookCommand.SeedOf($"{name}/{check}")}.state");

    public async Task RunAsync(TimeSpan every, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(CapEnvironment.Spool);
        using var timer = new PeriodicTimer(every, TimeProvider.System);
        do
        {
            await CheckAsync(cancellationToken);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var ended = await RunCommand.RunAsync(["/bin/sh", "-c", check], cancellationToken);
        var failing = File.Exists(file) ? JsonNode.Parse(await File.ReadAllTextAsync(file, cancellationToken))!["seed"]?.GetValue<string>() : null;
        if (ended.ExitCode != 0 == failing is not null)
        {
            if (Directory.EnumerateFiles(CapEnvironment.Spool, "*.json").Any())
            {
                await DeliverAsync(null, cancellationToken); // what no gate took before
            }

            return;
        }

        var seed = failing ?? HookCommand.NewSeed();
        var incident = failing is null
            ? new HookIncident(name, seed, severity, $"{check} ended with {ended.ExitCode}\n{ended.ErrorTail}", ended.EndedAt).Sign(key)
            : new HookIncident(name, seed, Severity.Normal, $"{check} succeeds again", ended.EndedAt).Sign(key, "OK");
        await DeliverAsync(incident, cancellationToken);
        await File.WriteAllTextAsync(file, new JsonObject { ["seed"] = failing is null ? seed : null }.ToJsonString(), cancellationToken);
    }

    private static async Task DeliverAsync(byte[]? incident, CancellationToken cancellationToken)
    {
        try
        {
            await HookDelivery.DeliverAsync(incident, cancellationToken);
        }
        catch (CliFaultException fault)
        {
            await Console.Error.WriteLineAsync($"cap: {fault.Message}"); // the watch goes on
        }
    }
}
