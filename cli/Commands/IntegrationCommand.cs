using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Client;

namespace CapOrleans.Cli.Commands;

/// <summary>Manages other systems that file incidents with a key.</summary>
internal static class IntegrationCommand
{
    public static Command Create() => new(
        "integration", "Systems that file incidents with a key instead of a signature: list, create, remove. Example: cap integration " +
            "create alertmanager --cap WEB-01") { List(), Make(), Remove() };

    private static Command List()
    {
        var command = new Command("list", "Show the integrations, without their keys. Example: cap integration list");
        command.SetAction(async (_, cancellationToken) =>
        {
            var known = await Servers.ApiAsync(api => api.ListIntegrationsAsync(cancellationToken));
            return Output.Print(known, ClientJson.Default.IReadOnlyListIntegrationView);
        });
        return command;
    }

    private static Command Make()
    {
        var name = new Argument<string>("NAME") { Description = "The other system, for people" };
        var cap = new Option<string>("--cap") { Description = "The CapID whose incidents it files", Required = true };
        var command = new Command("create", "Let another system file incidents of a CapID; its key is shown once, and is what " +
            "PagerDuty's clients call routing_key. Example: cap integration create alertmanager --cap WEB-01") { name, cap };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var integration = await Servers.ApiAsync(api =>
                api.CreateIntegrationAsync(parsed.GetRequiredValue(name), parsed.GetRequiredValue(cap), cancellationToken));
            return Output.Print(integration, ClientJson.Default.IntegrationView);
        });
        return command;
    }

    private static Command Remove()
    {
        var id = new Argument<string>("ID") { Description = "As 'cap integration list' shows it" };
        var command = new Command(
            "remove", "Remove an integration: its key no longer counts. Example: cap integration remove 1f0c22ab") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api => api.RemoveIntegrationAsync(parsed.GetRequiredValue(id), cancellationToken));
            return Output.Print(new JsonObject { ["removed"] = parsed.GetRequiredValue(id) }, "removed");
        });
        return command;
    }
}
