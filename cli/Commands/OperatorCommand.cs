using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Client;

namespace CapOrleans.Cli.Commands;

/// <summary>Manages API keys of operators.</summary>
internal static class OperatorCommand
{
    public static Command Create() => new("operator", "API keys: list, create, revoke. Example: cap operator create prometheus --scope read") { List(), Make(), Revoke() };

    private static Command List()
    {
        var command = new Command("list", "Show the API keys, including revoked ones, without their secrets. Example: cap operator list");
        command.SetAction(async (_, cancellationToken) =>
        {
            var keys = await Servers.ApiAsync(api => api.ListApiKeysAsync(cancellationToken));
            return Output.Print(keys, ClientJson.Default.IReadOnlyListOperatorView);
        });
        return command;
    }

    private static Command Make()
    {
        var name = new Argument<string>("NAME") { Description = "Who or what will use it" };
        var scope = new Option<string>("--scope") { Description = "read, operate or admin", Required = true };
        scope.AcceptOnlyFromAmong("read", "operate", "admin");
        var command = new Command("create", "Make an API key; it is shown once. Example: cap operator create prometheus --scope read") { name, scope };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var key = await Servers.ApiAsync(api =>
                api.CreateApiKeyAsync(parsed.GetRequiredValue(name), parsed.GetRequiredValue(scope), cancellationToken));
            return Output.Print(key, ClientJson.Default.OperatorView);
        });
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("ID") { Description = "As 'cap operator list' shows it" };
        var command = new Command("revoke", "Revoke an API key. Example: cap operator revoke 1f0c22ab") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api => api.RevokeApiKeyAsync(parsed.GetRequiredValue(id), cancellationToken));
            return Output.Print(new JsonObject { ["revoked"] = parsed.GetRequiredValue(id) }, "revoked");
        });
        return command;
    }
}
