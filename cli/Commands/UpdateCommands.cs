using System.CommandLine;
using CapOrleans.Client;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Updates an incident, as an operator or signed with a responder's key.</summary>
internal static class UpdateCommands
{
    public static IEnumerable<Command> Create() =>
    [
        Of("acknowledge", UpdateAction.Acknowledge, "Acknowledge an incident: you are working on it. Example: cap " +
            "acknowledge WEB-01 NGINXFAIL-12 " +
            "--key me.key"),
        Of("resolve", UpdateAction.Resolve, "Resolve an incident. Example: cap resolve WEB-01 NGINXFAIL-12 --note 'disk " +
            "replaced'"),
        Of("reopen", UpdateAction.Reopen, "Reopen an incident. Example: cap reopen WEB-01 NGINXFAIL-12"),
        Of("respond", UpdateAction.Respond, "Respond to an incident; the note is kept with it. Example: cap respond WEB-01 " +
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
            Description = "File with the private key of a responder of the CapID; by default, the operator's API key is used",
        };
        var command = new Command(name, description) { cap, incident, note, key };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var signer = parsed.GetValue(key) is { } file ? CapEnvironment.Key(file)
                : Credentials.HasApiKey ? null
                : throw new CliFaultException(ExitCodes.Misconfigured,
                    "No credentials: sign with --key FILE (a host's own key may resolve what it reported), or set " +
                        "CAP_TOKEN to an operator's API key.");
            return Output.Print(
                await Servers.ApiAsync(api => api.UpdateIncidentAsync(
                    parsed.GetRequiredValue(cap), parsed.GetRequiredValue(incident), action, parsed.GetValue(note), signer,
                        cancellationToken)),
                ClientJson.Default.IncidentView);
        });
        return command;
    }
}
