using System.CommandLine;

namespace CapOrleans.Cli.Commands;

internal static class ShowCommand
{
    public static Command Create()
    {
        var capId = ChangeRequests.CapIdArgument();
        var command = new Command("show", "Show a CapID: keys, Cap^P, score. Example: cap show SYS-CORE") { capId };
        command.SetAction(async (parsed, cancellationToken) => Answer.Tell(await ChangeRequests.ReadAsync(parsed.GetRequiredValue(capId), cancellationToken)));
        return command;
    }
}
