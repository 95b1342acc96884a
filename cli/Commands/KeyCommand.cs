using System.CommandLine;
using System.Text.Json.Nodes;

namespace CapOrleans.Cli.Commands;

/// <summary>Who may speak for a CapID.</summary>
internal static class KeyCommand
{
    public static Command Create() => new("key", "Keys of a CapID: list, add, revoke. Example: cap key add WEB-01 --key 0x52908400098527886E0F7030069857D2E4169EE7")
    {
        List(), Add(), Revoke(),
    };

    private static Command List()
    {
        var capId = ChangeRequests.CapIdArgument();
        var command = new Command("list", "Show the keys, revoked ones among them. Example: cap key list WEB-01") { capId };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var cap = await ChangeRequests.ReadAsync(parsed.GetRequiredValue(capId), cancellationToken);
            return Answer.Tell(CapClient.Read(cap, json => json.GetProperty("keys")));
        });
        return command;
    }

    private static Command Add()
    {
        var (capId, key, admin) = (ChangeRequests.CapIdArgument(), KeyOption(), ChangeRequests.AdminKeyOption());
        var roles = new Option<string[]>("--role") { Description = "reporter, responder or admin; may be given more than once; default reporter" };
        roles.AcceptOnlyFromAmong("reporter", "responder", "admin");
        var from = new Option<DateTimeOffset?>("--from") { Description = "First instant at which a signature counts" };
        var until = new Option<DateTimeOffset?>("--until") { Description = "First instant at which none counts any more" };
        var contract = new Option<bool>("--contract") { Description = "The address is a contract wallet's (EIP-1271): it reports with full-v2" };
        var command = new Command("add", "Add a key, or change its roles and times. Example: cap key add WEB-01 --key 0x5290... --role reporter --until 2027-01-01T00:00:00Z") { capId, key, roles, from, until, contract, admin };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = new JsonObject { ["address"] = parsed.GetRequiredValue(key) };
            if (parsed.GetValue(roles) is { Length: > 0 } named)
            {
                wanted["roles"] = new JsonArray([.. named.Select(role => JsonValue.Create(role))]);
            }

            if (parsed.GetValue(contract))
            {
                wanted["contract"] = true;
            }

            foreach (var (name, option) in new[] { ("notBefore", from), ("notAfter", until) })
            {
                if (parsed.GetValue(option) is { } at)
                {
                    wanted[name] = at;
                }
            }

            return Answer.Tell(await ChangeRequests.SendAsync(
                parsed.GetRequiredValue(capId), new JsonObject { ["addKey"] = wanted }, parsed.GetValue(admin), cancellationToken));
        });
        return command;
    }

    private static Command Revoke()
    {
        var (capId, key, admin) = (ChangeRequests.CapIdArgument(), KeyOption(), ChangeRequests.AdminKeyOption());
        var reason = new Option<string?>("--reason") { Description = "Why, for people; it is in the log for ever" };
        var command = new Command("revoke", "Revoke a key at once and for ever. Example: cap key revoke WEB-01 --key 0x5290... --reason 'laptop stolen'") { capId, key, reason, admin };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = new JsonObject { ["address"] = parsed.GetRequiredValue(key), ["reason"] = parsed.GetValue(reason) };
            return Answer.Tell(await ChangeRequests.SendAsync(
                parsed.GetRequiredValue(capId), new JsonObject { ["revokeKey"] = wanted }, parsed.GetValue(admin), cancellationToken));
        });
        return command;
    }

    private static Option<string> KeyOption() => new("--key") { Description = "Address of the key", Required = true };
}
