using System.Globalization;
using System.Text;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli;

/// <summary>The settings that the command shares with the node, under the same names.</summary>
internal static class CapEnvironment
{
    /// <summary>The project's folder, as the wrapper script gives it: settings and data are there, wherever cap is called from.</summary>
    private static string Home => Text("CAP_HOME") ?? ".";

    public static string DataDirectory => Path.Combine(Home, Text("DATA_DIR") ?? "data");

    public static string CapId => Text("CAP_ID") ?? "SYS-CORE";

    public static string AgentId => Text("AGENT_ID") ?? "capos.local";

    /// <summary>The chain that a full-v2 signature names.</summary>
    public static long ChainId => Text("CHAIN_ID") is not { } text ? AdmissionPolicy.DevChainId
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? id
        : throw new CliFaultException(ExitCodes.Misconfigured, $"CHAIN_ID is '{text}': choose a whole number from 1.");

    public static string Gate => Text("VPN_ENDPOINT") ?? $"http://127.0.0.1:{Port("GATE_PORT", 8989)}/gate_receive";

    /// <summary>Where hooks keep what no gate took.</summary>
    public static string Spool => Text("CAP_SPOOL") ?? (Environment.IsPrivilegedProcess
        ? "/var/lib/cap/spool"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "cap", "spool"));

    /// <summary>A node that listens on every address is called on this machine's own.</summary>
    public static Uri Api => new($"http://{(Text("BIND") is { } bind && bind is not ("0.0.0.0" or "::") ? bind : "127.0.0.1")}:{Port("API_PORT", 8787)}/");

    /// <summary><c>.env</c> of the folder cap is called in, else the project's; the environment wins over both.</summary>
    public static void Load() => DotNetEnv.Env.NoClobber().Load(File.Exists(".env") ? ".env" : Path.Combine(Home, ".env"));

    /// <summary>An API key where there is one; reads on loopback need none.</summary>
    public static string? AdminTokenIfAny() =>
        Text("CAP_TOKEN") is not null || File.Exists(Path.Combine(DataDirectory, "admin-token")) ? AdminToken() : null;

    /// <summary><c>CAP_TOKEN</c>, or what the node wrote to its DATA_DIR.</summary>
    public static string AdminToken()
    {
        var file = Path.Combine(DataDirectory, "admin-token");
        return Text("CAP_TOKEN") ?? Read(file, "an API key; set CAP_TOKEN or DATA_DIR").Trim();
    }

    /// <param name="file">Null for the development identity in DATA_DIR.</param>
    public static PrivateKey Key(string? file)
    {
        file ??= Path.Combine(DataDirectory, "identity.key");
        if (file.Length == 0 || PrivateKey.TryParse(file, out _))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, "--key names a file that holds the key, not the key itself.");
        }

        var text = Read(file, "a private key; name it with --key, or make one with 'cap keygen'");
        if (!(Keystore.IsKeystore(text) ? Open(file, text) is var key : PrivateKey.TryParse(text, out key)))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} holds no private key: 64 hex digits, with or without 0x, or a keystore of version 3.");
        }

        if (Text("SIGNER_ADDRESS") is { } wanted && !(EthereumAddress.TryParse(wanted, out var address) && address == key.Address))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"SIGNER_ADDRESS is {wanted}, the key in {file} has the address {key.Address}.");
        }

        return key;
    }

    /// <summary>From the file that CAP_PASSPHRASE_FILE names, or asked for at the terminal.</summary>
    public static string Passphrase()
    {
        if (Text("CAP_PASSPHRASE_FILE") is { } file)
        {
            return Read(file, "a passphrase").TrimEnd('\r', '\n');
        }

        if (Console.IsInputRedirected)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, "A keystore needs its passphrase: set CAP_PASSPHRASE_FILE, or run this at a terminal.");
        }

        Console.Error.Write("Passphrase: ");
        var typed = new StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key != ConsoleKey.Backspace)
            {
                typed.Append(key.KeyChar);
            }
            else if (typed.Length > 0)
            {
                typed.Length--;
            }
        }

        Console.Error.WriteLine();
        return typed.ToString();
    }

    private static PrivateKey Open(string file, string keystore)
    {
        try
        {
            return Keystore.Open(keystore, Passphrase());
        }
        catch (KeystoreException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file}: {fault.Message}");
        }
    }

    public static string Read(string file, string what)
    {
        try
        {
            return file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} cannot be read: {fault.Message} It should hold {what}.");
        }
    }

    private static int Port(string name, int fallback) => Text(name) is not { } text ? fallback
        : ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? port
        : throw new CliFaultException(ExitCodes.Misconfigured, $"{name} is '{text}': choose a whole number from 1 to 65535.");

    private static string? Text(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? text : null;
}
