using System.CommandLine;

namespace CapOrleans.Cli.Commands;

internal static class ShowCommand
{
    public static Command Create()
    {
        var capId = new Argument<string>("CAPID") { Description = "The CapID" };
        var command = new Command("show", "Show a CapID: keys, Cap^P, score. Example: cap show SYS-CORE") { capId };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Get, new Uri(CapEnvironment.Api, $"v1/caps/{Uri.EscapeDataString(parsed.GetRequiredValue(capId))}"));
            if (CapEnvironment.AdminTokenIfAny() is not null)
            {
                CapClient.Operator(request);
            }

            Console.WriteLine(await CapClient.SendAsync(request, cancellationToken));
            return ExitCodes.Done;
        });
        return command;
    }
}
