using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;

namespace CapOrleans.Cli.Commands;

/// <summary>API keys of operators.</summary>
internal static class OperatorCommand
{
    public static Command Create() => new("operator", "API keys: list, create, revoke. Example: cap operator create prometheus --scope read") { List(), Make(), Revoke() };

    private static Command List()
    {
        var command = new Command("list", "Show the API keys, revoked ones among them, without their secrets. Example: cap operator list");
        command.SetAction((parsed, cancellationToken) => SendAsync(parsed, HttpMethod.Get, "v1/operators", null, cancellationToken));
        return command;
    }

    private static Command Make()
    {
        var name = new Argument<string>("NAME") { Description = "Who or what will use it" };
        var scope = new Option<string>("--scope") { Description = "read, operate or admin", Required = true };
        scope.AcceptOnlyFromAmong("read", "operate", "admin");
        var command = new Command("create", "Make an API key; it is shown once. Example: cap operator create prometheus --scope read") { name, scope };
        command.SetAction((parsed, cancellationToken) => SendAsync(
            parsed, HttpMethod.Post, "v1/operators",
            new JsonObject { ["name"] = parsed.GetRequiredValue(name), ["scope"] = parsed.GetRequiredValue(scope) }, cancellationToken));
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("ID") { Description = "As 'cap operator list' shows it" };
        var command = new Command("revoke", "Revoke an API key. Example: cap operator revoke 1f0c22ab") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var request = CapClient.Operator(new HttpRequestMessage(
                HttpMethod.Delete, new Uri(CapEnvironment.Api, $"v1/operators/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}")));
            await CapClient.SendAsync(request, cancellationToken); // 204: there is nothing more to say
            return Answer.Tell(new JsonObject { ["revoked"] = parsed.GetRequiredValue(id) }, "revoked");
        });
        return command;
    }

    private static async Task<int> SendAsync(ParseResult parsed, HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using var request = CapClient.Operator(new HttpRequestMessage(method, new Uri(CapEnvironment.Api, path)));
        request.Content = body is null ? null : CapClient.Json(Encoding.UTF8.GetBytes(body.ToJsonString()));
        return Answer.Tell(await CapClient.SendAsync(request, cancellationToken));
    }
}
