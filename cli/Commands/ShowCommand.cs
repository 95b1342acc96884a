using System.CommandLine;
using CapOrleans.Client;

namespace CapOrleans.Cli.Commands;

internal static class ShowCommand
{
    public static Command Create()
    {
        var capId = CapOptions.CapId();
        var command = new Command("show", "Show a CapID: keys, Cap^P, score. Example: cap show SYS-CORE") { capId };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var cap = await Servers.ApiAsync(api => api.GetCapAsync(parsed.GetRequiredValue(capId), cancellationToken));
            return Answer.Tell(cap, ClientJson.Default.CapView);
        });
        return command;
    }
}
