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
            PrivateFile.Create(file, $"{text}\n");
            return Output.Print(new JsonObject { ["address"] = $"{key.Address}", ["file"] = file }, $"{key.Address}");
        });
        return command;
    }
}
