using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Gates;
using CapOrleans.Contracts.Operations;

namespace CapOrleans.Cli.Commands;

/// <summary>Shows everything that is wrong, why, and what to do about it.</summary>
internal static class StatusCommand
{
    /// <param name="What">The part that has the problem.</param>
    private sealed record Finding(string What, string Why, string Do);

    public static Command Create()
    {
        var gate = new Option<string?>("--gate") { Description = "URL of a gate to look at as well; default that of VPN_ENDPOINT" };
        var command = new Command("status", "Show every problem, its cause and what to do; exit code 1 when there is any. " +
            "Example: cap status") { gate };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var findings = new List<Finding>();
            var (logs, entries) = await OfApiAsync(findings, cancellationToken);
            await OfGateAsync(parsed.GetValue(gate), findings, cancellationToken);
            var answer = new JsonObject
            {
                ["logs"] = logs,
                ["entries"] = entries,
                ["findings"] = new JsonArray([.. findings.Select(found => (JsonNode)new JsonObject { ["what"] = found.What,
                    ["why"] = found.Why, ["do"] = found.Do })]),
            };
            Output.Print(answer, findings is []
                ? $"All is well: {entries} entries in {logs} log{(logs == 1 ? "" : "s")}."
                : string.Join("\n\n", findings.Select(found =>
                    $"{Printable.Line(found.What)}: {Printable.Line(found.Why)}\n  {Printable.Line(found.Do)}")));
            return findings is [] ? ExitCodes.Done : ExitCodes.Refused;
        });
        return command;
    }

    /// <returns>Number of logs, and of all their entries.</returns>
    private static async Task<(int Logs, long Entries)> OfApiAsync(List<Finding> findings, CancellationToken cancellationToken)
    {
        Readiness ready;
        try
        {
            ready = await Servers.ApiAsync(api => api.GetReadinessAsync(Credentials.HasApiKey, cancellationToken));
        }
        catch (CliFaultException fault)
        {
            findings.Add(new Finding("API", fault.Message, "Is the service running? See its log; CAP_API selects another service."));
            return (0, 0);
        }

        if (ready is not { Logs: { } logs, Consumers: { } consumers })
        {
            findings.Add(new Finding("API", $"It reports '{ready.Status}' without details.",
                "Set CAP_TOKEN to a key with scope read: without one, only the status is returned."));
            return (0, 0);
        }

        findings.AddRange(consumers.Where(consumer => consumer.Conflict || consumer.LastError is not null).Select(Of));
        findings.AddRange((ready.Warnings ?? []).Select(one => new Finding(
            $"ladder {one.Ladder}", one.Warning, "Mend the webhook, or add somebody: cap ladder list, cap rotation shifts.")));
        var gates = await Servers.ApiAsync(api => api.ListGatesAsync(cancellationToken));
        findings.AddRange(gates.Where(gate => gate.IsSilent).Select(gate => new Finding(
            $"gate {gate.Gate}", gate.LastHeardAt is { } at ? $"Its last heartbeat was at {at:yyyy-MM-ddTHH:mm:ssZ}."
                : "It has sent no heartbeat since the cluster's start.",
            $"Is it running, and can it reach the API? On its machine: cap gate status. If it is permanently gone: cap gate remove " +
                $"{gate.Gate}")));
        return (logs.Count, logs.Sum(log => log.Size));
    }

    private static Finding Of(Progress consumer) => new(
        $"{consumer.Consumer} of log {consumer.Log}",
        (consumer.LastError ?? "What it reads outside the log contradicts the log.")
            + (consumer.FailingSince is { } since ? $" Since {since:yyyy-MM-ddTHH:mm:ssZ}." : ""),
        $"{consumer.Advice} {consumer.Lag} entries{(consumer.Waiting > 0 ? $" and {consumer.Waiting} deliveries" : "")} wait.");

    private static async Task OfGateAsync(string? url, List<Finding> findings, CancellationToken cancellationToken)
    {
        GateStatus status;
        try
        {
            status = await Servers.GateAsync(url, gate => gate.GetStatusAsync(cancellationToken));
        }
        catch (CliFaultException fault)
        {
            if (url is not null || CapEnvironment.Text("VPN_ENDPOINT") is not null) // otherwise there may be no gate on this machine
            {
                findings.Add(new Finding("gate", fault.Message,
                    "Is it running? See its log; 'cap gate status' needs the gate's token."));
            }

            return;
        }

        Add(status.SpoolError, "Incidents are refused with 507 until the gate's disk is writable again: free up space, or " +
            "replace it.");
        Add(status.LastError, $"Is {status.Api} up? {status.Spool.Waiting} incidents are queued on the gate's disk, " +
            "and are sent automatically.");
        Add(status.KeyError, "Without a list of keys, incidents of unknown signers are accepted too, in their share of the disk: see " +
            "Gate__ApiKeyFile.");
        Add(status.HeartbeatError, "The cluster does not accept this gate's heartbeats: the message names the command that adds it.");
        if (status.Spool.Dead > 0)
        {
            findings.Add(new Finding(
                $"gate {status.Name}", $"The cluster refused {status.Spool.Dead} incidents.",
                    "'cap gate dead' shows each with its advice; then 'cap gate retry' or 'cap gate drop'."));
        }

        void Add(string? why, string advice)
        {
            if (why is not null)
            {
                findings.Add(new Finding($"gate {status.Name}", why, advice));
            }
        }
    }
}
