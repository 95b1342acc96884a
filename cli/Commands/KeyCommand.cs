using System.CommandLine;
using CapOrleans.Client;
using CapOrleans.Contracts.Caps;

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
        var capId = CapOptions.CapId();
        var command = new Command("list", "Show the keys, revoked ones among them. Example: cap key list WEB-01") { capId };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var cap = await Servers.ApiAsync(api => api.GetCapAsync(parsed.GetRequiredValue(capId), cancellationToken));
            return Answer.Tell(cap.Keys, ClientJson.Default.IReadOnlyListSigningKey);
        });
        return command;
    }

    private static Command Add()
    {
        var (capId, key, admin) = (CapOptions.CapId(), KeyOption(), CapOptions.AdminKey());
        var roles = new Option<string[]>("--role") { Description = "reporter, responder or admin; may be given more than once; default reporter" };
        roles.AcceptOnlyFromAmong("reporter", "responder", "admin");
        var from = new Option<DateTimeOffset?>("--from") { Description = "First instant at which a signature counts" };
        var until = new Option<DateTimeOffset?>("--until") { Description = "First instant at which none counts any more" };
        var contract = new Option<bool>("--contract") { Description = "The address is a contract wallet's (EIP-1271): it reports with full-v2" };
        var command = new Command("add", "Add a key, or change its roles and times. Example: cap key add WEB-01 --key 0x5290... --role reporter --until 2027-01-01T00:00:00Z") { capId, key, roles, from, until, contract, admin };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = new KeyDefinition(
                parsed.GetRequiredValue(key), parsed.GetValue(roles) is { Length: > 0 } named ? named : null,
                parsed.GetValue(from), parsed.GetValue(until), parsed.GetValue(contract));
            return await ChangeAsync(parsed, capId, admin, new ContextChange(AddKey: wanted), cancellationToken);
        });
        return command;
    }

    private static Command Revoke()
    {
        var (capId, key, admin) = (CapOptions.CapId(), KeyOption(), CapOptions.AdminKey());
        var reason = new Option<string?>("--reason") { Description = "Why, for people; it is in the log for ever" };
        var command = new Command("revoke", "Revoke a key at once and for ever. Example: cap key revoke WEB-01 --key 0x5290... --reason 'laptop stolen'") { capId, key, reason, admin };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = new KeyRevocation(parsed.GetRequiredValue(key), parsed.GetValue(reason));
            return await ChangeAsync(parsed, capId, admin, new ContextChange(RevokeKey: wanted), cancellationToken);
        });
        return command;
    }

    private static async Task<int> ChangeAsync(
        ParseResult parsed, Argument<string> capId, Option<string?> admin, ContextChange change, CancellationToken cancellationToken)
    {
        var key = parsed.GetValue(admin) is { } file ? CapEnvironment.Key(file) : null;
        var cap = await Servers.ApiAsync(api => api.ChangeCapAsync(parsed.GetRequiredValue(capId), change, key, cancellationToken));
        return Answer.Tell(cap, ClientJson.Default.CapView);
    }

    private static Option<string> KeyOption() => new("--key") { Description = "Address of the key", Required = true };
}
