using System.CommandLine;
using CapOrleans.Client;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Updates an incident, as an operator or signed with a responder's key.</summary>
internal static class UpdateCommands
{
    public static IEnumerable<Command> Create() =>
    [
        Of("acknowledge", UpdateAction.Acknowledge, "Say that you are at an incident. Example: cap acknowledge WEB-01 NGINXFAIL-12 " +
            "--key me.key"),
        Of("resolve", UpdateAction.Resolve, "Say that an incident is over. Example: cap resolve WEB-01 NGINXFAIL-12 --note 'disk " +
            "replaced'"),
        Of("reopen", UpdateAction.Reopen, "Say that an incident is not over. Example: cap reopen WEB-01 NGINXFAIL-12"),
        Of("respond", UpdateAction.Respond, "Answer to an incident; the note stays with it. Example: cap respond WEB-01 " +
            "NGINXFAIL-12 --note " +
            "'planned maintenance' --key me.key"),
    ];

    private static Command Of(string name, UpdateAction action, string description)
    {
        var cap = new Argument<string>("CAP") { Description = "The incident's CapID" };
        var incident = new Argument<string>("INCIDENT") { Description = "The incident's id" };
        var note = new Option<string?>("--note") { Description = "For people", Required = action == UpdateAction.Respond };
        var key = new Option<string?>("--key")
        {
            Description = "File with the private key of a responder of the CapID; without it, the API key of an operator speaks",
        };
        var command = new Command(name, description) { cap, incident, note, key };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var signer = parsed.GetValue(key) is { } file ? CapEnvironment.Key(file)
                : Credentials.HasApiKey ? null
                : throw new CliFaultException(ExitCodes.Misconfigured,
                    "Who says so? Sign with --key FILE (a host's own key may resolve what it reported), or set CAP_TOKEN to an operator's API key.");
            return Answer.Tell(
                await Servers.ApiAsync(api => api.UpdateIncidentAsync(
                    parsed.GetRequiredValue(cap), parsed.GetRequiredValue(incident), action, parsed.GetValue(note), signer,
                        cancellationToken)),
                ClientJson.Default.IncidentView);
        });
        return command;
    }
}
