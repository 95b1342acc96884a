using System.CommandLine;
using System.Globalization;
using CapOrleans.Client;

namespace CapOrleans.Cli.Commands;

internal static class ShowCommand
{
    public static Command Create()
    {
        var capId = CapOptions.CapId();
        capId.Arity = ArgumentArity.ZeroOrOne;
        var command = new Command("show", "Show a CapID: keys, Cap^P, score; without one, list all. Example: cap show SYS-CORE") { capId };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(capId) is not { } id)
            {
                await Servers.ApiAsync(api => ListAsync(api, cancellationToken));
                return ExitCodes.Done;
            }

            var cap = await Servers.ApiAsync(api => api.GetCapAsync(id, cancellationToken));
            return Output.Print(cap, ClientJson.Default.CapView);
        });
        return command;
    }

    private static async Task ListAsync(ICapOrleansClient api, CancellationToken cancellationToken)
    {
        await foreach (var cap in api.ListCapsAsync(cancellationToken))
        {
            Output.PrintLine(
                Output.Node(cap, ClientJson.Default.CapSummary),
                string.Create(CultureInfo.InvariantCulture, $"{cap.CapId,-24}  score {cap.Score,12}  {cap.Incidents,8} incidents  " +
                    $"{cap.DisplayName}"));
        }
    }
}
