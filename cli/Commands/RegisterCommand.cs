using System.CommandLine;
using CapOrleans.Client;
using CapOrleans.Contracts.Caps;

namespace CapOrleans.Cli.Commands;

internal static class RegisterCommand
{
    public static Command Create()
    {
        var capId = CapOptions.CapId();
        var keys = new Option<string[]>("--key") { Description = "Address of a reporter key; may be given more than once", Required = true };
        var potential = new Option<decimal?>("--potential") { Description = "Cap^P; default 50" };
        var command = new Command("register", "Register a CapID with its reporter keys; keys that are not named are revoked. Example: cap register WEB-01 --key 0x52908400098527886E0F7030069857D2E4169EE7") { capId, keys, potential };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var reporters = parsed.GetRequiredValue(keys).Select(address => new KeyDefinition(address, null, null, null)).ToList();
            var definition = new CapDefinition(null, parsed.GetValue(potential), null, null, reporters);
            var cap = await Servers.ApiAsync(api => api.DefineCapAsync(parsed.GetRequiredValue(capId), definition, cancellationToken));
            return Output.Print(cap, ClientJson.Default.CapView);
        });
        return command;
    }
}
