using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Cli.Hooks;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Commands;

/// <summary>
/// Checks whether this machine can report: key, signature, clock, CapID, gate, spool. No incident is sent.
/// </summary>
internal static class DoctorCommand
{
    /// <summary>
    /// Maximum difference between clocks before the check fails; a signature may be at most a few minutes ahead.
    /// </summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(30);

    /// <param name="IsWell">Null when it could not be checked.</param>
    private sealed record Check(string What, bool? IsWell, string Result);

    public static Command Create()
    {
        var key = SignCommand.KeyOption();
        var command = new Command("doctor", "Check from end to end that this machine can report, without sending anything. Example: " +
            "cap doctor") { key };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var checks = new List<Check>();
            PrivateKey? own = null;
            await RunAsync(checks, "key", () =>
            {
                own = CapEnvironment.Key(parsed.GetValue(key));
                return Task.FromResult($"its address is {own.Address}");
            });
            await RunAsync(checks, "signature", () => SignAsync(own, cancellationToken), ofApi: true);
            await RunAsync(checks, "clock", () => ClockAsync(cancellationToken), ofApi: true);
            await RunAsync(checks, "CapID", () => CapAsync(own, cancellationToken), ofApi: true);
            await RunAsync(checks, "gate", () => GateAsync(cancellationToken));
            await RunAsync(checks, "spool", () => Task.FromResult(Spool()));
            Output.Print(
                new JsonArray([.. checks.Select(check => (JsonNode)new JsonObject { ["check"] = check.What, ["ok"] = check.IsWell,
                    ["result"] = check.Result })]),
                string.Join('\n', checks.Select(check => $"{(check.IsWell switch { true => "ok    ", false => "FAILED", null => "-     " })}  {check.What,-9}  " +
                    $"{Printable.Line(check.Result)}")));
            return checks.TrueForAll(check => check.IsWell != false) ? ExitCodes.Done : ExitCodes.Refused;
        });
        return command;
    }

    private static async Task RunAsync(List<Check> checks, string what, Func<Task<string>> check, bool ofApi = false)
    {
        try
        {
            checks.Add(new Check(what, true, await check()));
        }
        catch (CliFaultException fault)
        {
            // A host need not reach the API, so the outcome of the check is unknown.
            var isUnknown = ofApi && fault.ExitCode == ExitCodes.Unreachable && CapEnvironment.Text("CAP_API") is null;
            checks.Add(new Check(what, isUnknown ? null : false, isUnknown ? $"Not checked: {fault.Message}" : fault.Message));
        }
    }

    private static async Task<string> SignAsync(PrivateKey? key, CancellationToken cancellationToken)
    {
        if (key is null)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, "There is no key to sign with.");
        }

        var incident = new JsonObject { ["severity"] = "normal", ["description"] = "a check of 'cap doctor'" };
        IncidentFile.Sign(incident, key);
        IncidentFile.Check(incident);
        var (own, cluster) = (CapEnvironment.ChainId, await Servers.ApiAsync(api => api.GetChainIdAsync(cancellationToken)));
        return own != cluster ? throw new CliFaultException(ExitCodes.Misconfigured,
            $"CHAIN_ID is {own}, the cluster's is {cluster}: incidents signed for another chain are refused permanently.")
                : $"an incident of {CapEnvironment.CapId} can be signed";
    }

    private static async Task<string> ClockAsync(CancellationToken cancellationToken)
    {
        var server = CapEnvironment.Api;
        var before = TimeProvider.System.GetUtcNow();
        if (await Servers.ClockAsync(server, cancellationToken) is not { } clock)
        {
            throw new CliFaultException(ExitCodes.Unreachable,
                $"{server.Authority} returns no " +
                $"time.{(CapEnvironment.Text("CAP_API") is null ? " CAP_API is not set: this machine was asked." : "")}");
        }

        var after = TimeProvider.System.GetUtcNow();
        var ahead = before > clock && before - clock > TimeSpan.FromSeconds(1) ? before - clock : after < clock ? after - clock
            : TimeSpan.Zero;
        return ahead.Duration() <= ClockTolerance
            ? $"as that of {server.Authority}, within {Math.Ceiling(Math.Max(1, ahead.Duration().TotalSeconds))} s"
            : throw new CliFaultException(
                ExitCodes.Refused, $"It is {ahead.Duration().TotalSeconds:0} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} " +
                    $"that of {server.Authority}: incidents may be refused. Fix the clock with chrony or systemd-timesyncd.");
    }

    private static async Task<string> CapAsync(PrivateKey? own, CancellationToken cancellationToken)
    {
        var cap = await Servers.ApiAsync(api => api.GetCapAsync(CapEnvironment.CapId, cancellationToken));
        var now = TimeProvider.System.GetUtcNow();
        var address = own is null ? throw new CliFaultException(ExitCodes.Misconfigured, "There is no key to check.") : $"{own.Address}";
        var key = cap.Keys.FirstOrDefault(known => string.Equals(known.Address, address, StringComparison.OrdinalIgnoreCase))
            ?? throw new CliFaultException(ExitCodes.Refused,
                $"{cap.CapId} does not have the key {address}: cap key add {cap.CapId} --key {address}");
        return key.RevokedAt is { } revoked ? throw new CliFaultException(ExitCodes.Refused,
            $"The key {address} of {cap.CapId} was revoked at {revoked:yyyy-MM-ddTHH:mm:ssZ}.")
            : key.NotBefore > now || key.NotAfter <= now ? throw new CliFaultException(ExitCodes.Refused,
                $"The key {address} of {cap.CapId} is not valid now: it is valid from {key.NotBefore:O} until {key.NotAfter:O}.")
            : !key.Roles.Contains("reporter") ? throw new CliFaultException(ExitCodes.Refused,
                $"The key {address} of {cap.CapId} is not a reporter: cap key add {cap.CapId} --key {address} --role reporter")
            : $"{cap.CapId} accepts incidents signed with this key";
    }

    private static async Task<string> GateAsync(CancellationToken cancellationToken)
    {
        var url = Servers.GateUrl(null);
        var answer = await Servers.GateAsync(null, gate => gate.GetSealingKeyAsync(cancellationToken));
        if (!await Servers.GateAsync(null, gate => gate.TakesIncidentsAsync(cancellationToken)))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{url.Authority} is a gate, and takes no incidents at " +
                $"{url.AbsolutePath}: is VPN_ENDPOINT misspelt? It ends in /gate_receive.");
        }

        return CapEnvironment.GateKey is { } sealing && Convert.ToBase64String(sealing) != answer.Key
            ? throw new CliFaultException(ExitCodes.Refused,
                $"CAP_GATE_KEY is not the key of {url.Authority}: 'cap gate key' prints that one.")
            : $"{url.Authority} answers{(CapEnvironment.GateKey is null ? "" : ", and opens what is sealed to CAP_GATE_KEY")}";
    }

    private static string Spool()
    {
        var spool = HookSpool.Open(CapEnvironment.Spool);
        using var sending = spool.TryLockSending();
        var (waiting, refused) = (spool.Files().Count, spool.CountRefused());
        return refused > 0 ? throw new CliFaultException(ExitCodes.Refused,
                $"{refused} refused reports are in {CapEnvironment.Spool}, each with its reason: cap hook flush --refused" +
                (waiting > 0 ? $". {waiting} more wait: cap hook flush" : ""))
            : waiting >= HookSpool.MaxFiles ? throw new CliFaultException(ExitCodes.Refused,
                $"{waiting} reports are queued in {CapEnvironment.Spool}, and only critical ones are still accepted: cap hook flush")
            : $"{CapEnvironment.Spool} is writable{(waiting > 0 ? $"; {waiting} reports wait: cap hook flush" : "")}";
    }
}
