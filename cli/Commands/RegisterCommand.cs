using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;

namespace CapOrleans.Cli.Commands;

internal static class RegisterCommand
{
    public static Command Create()
    {
        var capId = ChangeRequests.CapIdArgument();
        var keys = new Option<string[]>("--key") { Description = "Address of a reporter key; may be given more than once", Required = true };
        var potential = new Option<decimal?>("--potential") { Description = "Cap^P; default 50" };
        var command = new Command("register", "Register a CapID with its reporter keys; keys that are not named are revoked. Example: cap register WEB-01 --key 0x52908400098527886E0F7030069857D2E4169EE7") { capId, keys, potential };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var definition = new JsonObject
            {
                ["keys"] = new JsonArray([.. parsed.GetRequiredValue(keys).Select(address => new JsonObject { ["address"] = address })]),
            };
            if (parsed.GetValue(potential) is { } value)
            {
                definition["capPotential"] = value;
            }

            using var request = CapClient.Operator(new HttpRequestMessage(
                HttpMethod.Put, new Uri(CapEnvironment.Api, $"v1/caps/{Uri.EscapeDataString(parsed.GetRequiredValue(capId))}")));
            request.Content = CapClient.Json(Encoding.UTF8.GetBytes(definition.ToJsonString()));
            return Answer.Tell(await CapClient.SendAsync(request, cancellationToken));
        });
        return command;
    }
}
