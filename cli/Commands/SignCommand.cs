using System.CommandLine;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Commands;

internal static class SignCommand
{
    public static Argument<string> FileArgument() => new("FILE") { Description = "The incident as a JSON object; - for standard input" };

    public static Option<string?> KeyOption() => new("--key") { Description = "File with the private key; default DATA_DIR/identity.key" };

    public static Command Create()
    {
        var (file, key) = (FileArgument(), KeyOption());
        var full = new Option<bool>("--full") { Description = "Sign every field (full-v2, EIP-712) instead of who, what and when (identity-v1)" };
        var typedData = new Option<bool>("--print-typed-data") { Description = "Sign nothing and add nothing: print the EIP-712 typed data for a wallet to sign" };
        var command = new Command("sign", "Complete and sign an incident, and print it. Example: cap sign incident.json --full > signed.json") { file, key, full, typedData };
        command.SetAction(parsed =>
        {
            var incident = IncidentFile.Read(parsed.GetRequiredValue(file));
            if (parsed.GetValue(full) || parsed.GetValue(typedData))
            {
                incident["scheme"] = FullV2.Scheme;
            }

            if (parsed.GetValue(typedData))
            {
                return Output.Print(TypedData.Of(IncidentFile.Check(incident), CapEnvironment.ChainId));
            }

            IncidentFile.Sign(incident, CapEnvironment.Key(parsed.GetValue(key)));
            IncidentFile.RequireKnown(incident);
            return Output.Print(incident);
        });
        return command;
    }
}
