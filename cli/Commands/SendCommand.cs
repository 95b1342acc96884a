using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Client.Signing;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Commands;

internal static class SendCommand
{
    public static Command Create()
    {
        var (file, key) = (SignCommand.FileArgument(), SignCommand.KeyOption());
        var gate = new Option<string?>("--gate")
        {
            Description = "Send to a gate: the one named, or that of VPN_ENDPOINT; by default, send to the API",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var full = new Option<bool>("--full") { Description = "Sign every field (full-v2)" };
        var command = new Command("send", "Send an incident; one without a signature is completed and signed first. Example: cap send incident.json --full --gate http://10.0.0.1:8989") { file, key, full, gate };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var incident = IncidentFile.Read(parsed.GetRequiredValue(file));
            var signedHere = incident["signature"] is null;
            var throughGate = parsed.GetResult(gate) is not null;
            if (signedHere)
            {
                Sign(incident, parsed.GetValue(full), CapEnvironment.Key(parsed.GetValue(key)), throughGate);
            }

            var report = IncidentFile.Check(incident);
            try
            {
                var bytes = IncidentSigner.Bytes(incident);
                if (!throughGate)
                {
                    var accepted = await Servers.ApiAsync(api => api.SendIncidentAsync(bytes, cancellationToken));
                    return Output.Print(accepted, ClientJson.Default.AcceptedAnswer);
                }

                await Servers.SendToGateAsync(parsed.GetValue(gate), bytes, cancellationToken);
                if (IncidentWarning.Of(report) is { } warning)
                {
                    Output.Warn(warning); // an API includes it in its response
                }

                return Output.Print(new JsonObject
                {
                    ["status"] = "received", ["cap_id"] = report.CapId, ["incident_id"] = report.IncidentId,
                });
            }
            catch (CliFaultException fault) when (signedHere && fault.ExitCode == ExitCodes.Unreachable)
            {
                // Signing again would make another incident: keep what may have arrived, to resend it unchanged.
                var kept = $"{report.IncidentId}.signed.json";
                try
                {
                    PrivateFile.Create(kept, IncidentFile.Indent(incident));
                }
                catch (CliFaultException why)
                {
                    throw new CliFaultException(fault.ExitCode, $"{fault.Message} {why.Message} To be sent again as it is: {Output.Line(incident)}");
                }

                throw new CliFaultException(fault.ExitCode, $"{fault.Message} It is kept as {kept}: cap send {kept}{(throughGate ? $" --gate {Servers.GateUrl(parsed.GetValue(gate))}" : "")}");
            }
        });
        return command;
    }

    private static void Sign(JsonObject incident, bool isFull, PrivateKey key, bool throughGate)
    {
        if (isFull)
        {
            incident["scheme"] = FullV2.Scheme;
        }

        IncidentFile.Sign(incident, key);
        IncidentFile.RequireKnown(incident);
        var report = IncidentFile.Check(incident);
        if (throughGate && !Severity.IsOnLadder(report.SeverityClaimed))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"severity is {report.SeverityText}: choose one of " +
                $"{string.Join(", ", Severity.Ladder)}. Only the API can check whether the CapID's policy allows " +
                    "other words; a gate cannot.");
        }
    }
}
