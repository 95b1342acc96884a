using System.CommandLine;
using CapOrleans.Cli.Hooks;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Resends reports that did not arrive.</summary>
internal static partial class HookCommand
{
    private static Command Flush()
    {
        var refused = new Option<bool>("--refused") { Description = "Also send what was refused and put aside, for " +
            "example before the host's key was added" };
        var cap = new Option<string?>("--cap-id")
        {
            Description = "With --refused: the CapID for all of it, whatever CapID it was signed for; by default, " +
                "what was signed for another " +
                "CapID than CAP_ID stays as it is",
        };
        var key = SignCommand.KeyOption();
        var command = new Command(
            "flush", "Send what no gate accepted. With --refused, what was put aside is signed again first, with the current key and " +
                "chain. Example: cap hook flush") { refused, cap, key };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(cap) is { } named && !(parsed.GetValue(refused) && Identifiers.IsId(named)))
            {
                parsed.AddError($"--cap-id goes with --refused, and is a CapID: {Identifiers.Rule}.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var code = Print(parsed.GetValue(refused)
                ? await HookDelivery.DeliverRefusedAsync(CapEnvironment.Key(parsed.GetValue(key)), parsed.GetValue(cap), cancellationToken)
                : await HookDelivery.DeliverAsync(null, isUnlimited: true, cancellationToken));
            if (HookSpool.Open(CapEnvironment.Spool).CountRefused() is > 0 and var aside)
            {
                Output.Note($"{aside} refused and put aside in {CapEnvironment.Spool}, each with its reason: cap hook flush --refused");
                return code == ExitCodes.Done ? ExitCodes.Refused : code;
            }

            return code;
        });
        return command;
    }
}
