using System.CommandLine;
using CapOrleans.Client;
using CapOrleans.Contracts.Caps;

namespace CapOrleans.Cli.Commands;

/// <summary>Manages the keys of a CapID.</summary>
internal static class KeyCommand
{
    public static Command Create() => new("key", "Keys of a CapID: list, add, revoke. Example: cap key add WEB-01 --key 0x52908400098527886E0F7030069857D2E4169EE7")
    {
        List(), Add(), Revoke(),
    };

    private static Command List()
    {
        var capId = CapOptions.CapId();
        var command = new Command("list", "Show the keys, including revoked ones. Example: cap key list WEB-01") { capId };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var cap = await Servers.ApiAsync(api => api.GetCapAsync(parsed.GetRequiredValue(capId), cancellationToken));
            return Output.Print(cap.Keys, ClientJson.Default.IReadOnlyListSigningKey);
        });
        return command;
    }

    private static Command Add()
    {
        var (capId, key, admin) = (CapOptions.CapId(), KeyOption(), CapOptions.AdminKey());
        var roles = new Option<string[]>("--role") { Description = "reporter, responder or admin; may be given more than once; default reporter" };
        roles.AcceptOnlyFromAmong("reporter", "responder", "admin");
        var from = new Option<DateTimeOffset?>("--from") { Description = "First instant at which a signature counts" };
        var until = new Option<DateTimeOffset?>("--until") { Description = "First instant at which signatures no longer count" };
        var contract = new Option<bool>("--contract") { Description = "The address is a contract wallet's (EIP-1271): it reports with full-v2" };
        var replace = new Option<bool>("--replace") { Description = "For an existing key: set exactly these roles and times, and " +
            "drop the ones it has" };
        var yes = new Option<bool>("--yes") { Description = "Change an existing key without asking" };
        var command = new Command("add", "Add a key, or add roles to an existing one and set its times. Example: cap key add WEB-01 " +
            "--key 0x5290... --role reporter --until 2027-01-01T00:00:00Z") { capId, key, roles, from, until, contract, replace, yes,
            admin };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var named = parsed.GetValue(roles) is { Length: > 0 } given ? given : null;
            var wanted = new KeyDefinition(
                parsed.GetRequiredValue(key), named, parsed.GetValue(from), parsed.GetValue(until), parsed.GetValue(contract));
            var cap = await Servers.ApiAsync(api => api.GetCapAsync(parsed.GetRequiredValue(capId), cancellationToken));
            if (cap.Keys.FirstOrDefault(known => known.RevokedAt is null && string.Equals(known.Address, wanted.Address,
                StringComparison.OrdinalIgnoreCase)) is { } known)
            {
                wanted = (parsed.GetValue(replace) ? wanted : Merge(known, wanted)) with { Address = known.Address };
                var (before, after) = (Text(known.Roles, known.NotBefore, known.NotAfter), Text(wanted.Roles ?? ["reporter"],
                    wanted.NotBefore, wanted.NotAfter));
                if (before != after || after != Text(named ?? ["reporter"], parsed.GetValue(from), parsed.GetValue(
                    until))) // ask about values that only the server supplied
                {
                    Output.Confirm($"{known.Address} has {before}, and would have {after}.", parsed.GetValue(yes));
                }
            }

            return await ChangeAsync(parsed, capId, admin, new ContextChange(AddKey: wanted), cancellationToken);
        });
        return command;
    }

    /// <summary>Adds to a key's roles and times; what is not named stays as it is.</summary>
    private static KeyDefinition Merge(SigningKey known, KeyDefinition wanted) => wanted with
    {
        Roles = [.. known.Roles.Union(wanted.Roles ?? [], StringComparer.Ordinal)],
        NotBefore = wanted.NotBefore ?? known.NotBefore,
        NotAfter = wanted.NotAfter ?? known.NotAfter,
        IsContract = wanted.IsContract || known.IsContract,
    };

    private static string Text(IEnumerable<string> roles, DateTimeOffset? from, DateTimeOffset? until) =>
        $"{string.Join(", ", roles.Order(StringComparer.Ordinal))} from {(from is null ? "the beginning" : $"{from:O}")} until " +
            $"{(until is null ? "it is revoked" : $"{until:O}")}";

    private static Command Revoke()
    {
        var (capId, key, admin) = (CapOptions.CapId(), KeyOption(), CapOptions.AdminKey());
        var reason = new Option<string?>("--reason") { Description = "Why, for people; it is in the log for ever" };
        var command = new Command("revoke", "Revoke a key immediately and permanently. Example: cap key revoke WEB-01 " +
            "--key 0x5290... --reason 'laptop stolen'") { capId, key, reason, admin };
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
        return Output.Print(cap, ClientJson.Default.CapView);
    }

    private static Option<string> KeyOption() => new("--key") { Description = "Address of the key", Required = true };
}
