using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Commands;

internal static class KeygenCommand
{
    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "File for the key, readable by its owner only; it must not exist", Required = true };
        var keystore = new Option<bool>("--keystore") { Description = "Write a keystore (version 3, scrypt) under a passphrase, which wallets can read too" };
        var command = new Command("keygen", "Make a signing key and print its address. Example: cap keygen --out host.key") { output, keystore };
        command.SetAction(parsed =>
        {
            var file = parsed.GetRequiredValue(output);
            var key = PrivateKey.Create();
            var text = parsed.GetValue(keystore) ? Keystore.Write(key, CapEnvironment.Passphrase()) : key.ExportHex();
            try
            {
                using var writer = new StreamWriter(file, new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                });
                writer.WriteLine(text);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"{file} cannot be made: {fault.Message}");
            }

            return parsed.Tell(new JsonObject { ["address"] = $"{key.Address}", ["file"] = file }, $"{key.Address}");
        });
        return command;
    }
}
