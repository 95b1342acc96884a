using CapOrleans.Core.Signatures;
using CapOrleans.Silo.Files;

namespace CapOrleans.Silo.Settings;

/// <summary>Reads the chain writer's key and the contracts' addresses.</summary>
public sealed partial class SettingsReader
{
    private PrivateKey? ReadChainWriter()
    {
        if (Text("KEYSTORE") is not { } file)
        {
            return Parse("PRIVATE_KEY", text => PrivateKey.TryParse(text, out var key) ? key : null, "64 hex digits, with or without 0x", isSecret: true);
        }

        if (Text("PRIVATE_KEY") is not null || Text("KEYSTORE_PASSPHRASE_FILE") is null)
        {
            faults.Add("KEYSTORE is set: leave PRIVATE_KEY empty, and name a file with the passphrase in KEYSTORE_PASSPHRASE_FILE.");
            return null;
        }

        try
        {
            return Keystore.Open(RegularFile.ReadText(file), RegularFile.ReadText(Text("KEYSTORE_PASSPHRASE_FILE")!).TrimEnd('\r', '\n'));
        }
        catch (Exception fault) when (fault is KeystoreException or IOException or UnauthorizedAccessException)
        {
            faults.Add($"KEYSTORE cannot be opened: {fault.Message}");
            return null;
        }
    }

    private EthereumAddress? ReadContract(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (EthereumAddress.TryParse(text, out var address))
        {
            return address;
        }

        faults.Add($"{name} is '{text}': choose {EthereumAddress.Rule}.");
        return null;
    }
}
