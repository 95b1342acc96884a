using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Delegations;

namespace CapOrleans.Cli.Commands;

/// <summary>Checks logs of tasks that agents delegated to each other.</summary>
internal static class ChainLogCommand
{
    public static Command Create() => new("chain-log", "Logs of delegated tasks: verify. Example: cap chain-log verify chain.json") { Verify() };

    private static Command Verify()
    {
        var file = new Argument<string>("FILE") { Description = "The log as a JSON object; - for standard input" };
        var command = new Command("verify", "Check that the links of a delegation log join, stay within their scope " +
            "and are acknowledged; print the audit in the legacy form. Example: cap chain-log verify chain.json") { file };
        command.SetAction(parsed =>
        {
            var audit = JsonNode.Parse(Audit(parsed.GetRequiredValue(file)))!;
            Output.Print(audit);
            return (bool)audit["cap_chain_snapshot"]!["incident_flag"]! ? ExitCodes.Refused : ExitCodes.Done;
        });
        return command;
    }

    private static string Audit(string file)
    {
        try
        {
            using var log = StrictJson.Parse(Encoding.UTF8.GetBytes(CapEnvironment.Read(file, "a delegation log as a JSON object")));
            return log.RootElement.ValueKind == JsonValueKind.Object
                ? DelegationAudit.Of(log.RootElement, TimeProvider.System.GetUtcNow())
                : throw new CliFaultException(ExitCodes.Misconfigured, $"{file} holds no JSON object.");
        }
        catch (JsonException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} is not JSON: {fault.Message}");
        }
    }
}
