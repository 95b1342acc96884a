using System.CommandLine;
using CapOrleans.Cli.Hooks;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Resends reports that did not arrive.</summary>
internal static partial class HookCommand
{
    private static Command Flush()
    {
        var refused = new Option<bool>("--refused") { Description = "And what was refused and put aside, for example before the host's key was added" };
        var cap = new Option<string?>("--cap-id")
        {
            Description = "With --refused: whose all of it is, whatever CapID it was signed for; without it, what was signed for another " +
                "CapID than CAP_ID stays as it is",
        };
        var key = SignCommand.KeyOption();
        var command = new Command(
            "flush", "Send what no gate took. With --refused, what was put aside is signed again first, with the key and the chain " +
                "of now. Example: cap hook flush") { refused, cap, key };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(cap) is { } named && !(parsed.GetValue(refused) && Identifiers.IsId(named)))
            {
                parsed.AddError($"--cap-id goes with --refused, and is a CapID: {Identifiers.Rule}.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var code = Tell(parsed.GetValue(refused)
                ? await HookDelivery.DeliverRefusedAsync(CapEnvironment.Key(parsed.GetValue(key)), parsed.GetValue(cap), cancellationToken)
                : await HookDelivery.DeliverAsync(null, isUnlimited: true, cancellationToken));
            if (HookSpool.Open(CapEnvironment.Spool).CountRefused() is > 0 and var aside)
            {
                Answer.Note($"{aside} refused, put aside in {CapEnvironment.Spool} with the reason beside each: cap hook flush --refused");
                return code == ExitCodes.Done ? ExitCodes.Refused : code;
            }

            return code;
        });
        return command;
    }
}
