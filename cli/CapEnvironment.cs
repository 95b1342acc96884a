using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Sealing;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli;

/// <summary>
/// Settings that the command shares with the node, under the same names. They come from the environment only: a file in
/// the folder in which cap happens to be called has no effect.
/// </summary>
internal static partial class CapEnvironment
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The project's folder (settings and data), set by the wrapper script, wherever cap is called.</summary>
    private static string Home => Text("CAP_HOME") ?? ".";

    public static string DataDirectory => Path.Combine(Home, Text("DATA_DIR") ?? "data");

    public static string CapId => Text("CAP_ID") ?? "SYS-CORE";

    public static string AgentId => Text("AGENT_ID") ?? "capos.local";

    /// <summary>The chain id that a full-v2 signature must name.</summary>
    public static long ChainId => Text("CHAIN_ID") is not { } text ? AdmissionPolicy.DevChainId
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? id
        : throw new CliFaultException(ExitCodes.Misconfigured, $"CHAIN_ID is '{text}': choose a whole number from 1.");

    public static string Gate => Text("VPN_ENDPOINT") ?? new Uri(OfNode("Gate__Bind", Port("GATE_PORT", 8989)), "gate_receive").ToString();

    /// <summary>Key to which everything for the gate is sealed; null to seal nothing.</summary>
    public static byte[]? GateKey => Text("CAP_GATE_KEY") is not { } text ? null
        : X25519PrivateKey.TryReadKey(text, out var key) ? key
        : throw new CliFaultException(ExitCodes.Misconfigured, "CAP_GATE_KEY is not a gate's key: 44 characters of base64, as 'cap gate key' prints them.");

    /// <summary>Folder for reports of hooks that no gate accepted.</summary>
    public static string Spool => Text("CAP_SPOOL") ?? (Environment.IsPrivilegedProcess
        ? "/var/lib/cap/spool"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "cap", "spool"));

    /// <summary>The API's URL. A node that listens on every address is called on loopback.</summary>
    public static Uri Api
    {
        get
        {
            if (Text("CAP_API") is { } api)
            {
                return Uri.TryCreate(api, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                    ? url
                    : throw new CliFaultException(ExitCodes.Misconfigured, $"CAP_API is '{api}': choose the http or https URL of an API.");
            }

            return OfNode("BIND", Port("API_PORT", 8787));
        }
    }

    /// <param name="setting">Setting with the listening address; BIND when it is not set.</param>
    private static Uri OfNode(string setting, int port)
    {
        var bind = (Text(setting) ?? Text("BIND")) switch { null or "0.0.0.0" => "127.0.0.1", "::" => "::1", var text => text };
        return Uri.CheckHostName(bind) != UriHostNameType.Unknown
            ? new UriBuilder(Uri.UriSchemeHttp, bind, port).Uri
            : throw new CliFaultException(ExitCodes.Misconfigured, $"{setting} is '{bind}': choose an IP address such as 127.0.0.1.");
    }

    /// <param name="keyFile">Key file of a writer of the contract; null to use the node's settings.</param>
    /// <param name="makesContract">Whether the command needs no existing contract.</param>
    /// <returns>A client for the chain, and the options of transactions.</returns>
    public static (JsonRpcClient Rpc, ChainOptions Options) Chain(HttpClient http, string? keyFile, bool makesContract = false)
    {
        var rpc = Text("RPC_URL");
        var urls = (rpc ?? $"http://127.0.0.1:{Port("CHAIN_PORT", 8545)}").Split(',', StringSplitOptions.TrimEntries)
            .Select(text => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? url
                : throw new CliFaultException(ExitCodes.Misconfigured, "RPC_URL is not the URL of a chain node.")) // not shown: may contain a key
            .ToList();
        var contract = makesContract ? null : Text("CONTRACT_ADDRESS");
        EthereumAddress? address = EthereumAddress.TryParse(contract, out var found) ? found : null;
        return address is null && !makesContract && (contract ?? rpc) is not null
            ? throw new CliFaultException(ExitCodes.Misconfigured, $"CONTRACT_ADDRESS is '{contract}': choose the address of a CapAuditStorageV2, {EthereumAddress.Rule}.")
            : (new JsonRpcClient(http, urls, DevTokenFile),
                new ChainOptions(ChainId, ChainWriter(keyFile), address, IsDevChain: rpc is null) { MaxFeeGwei = MaxFeeGwei });
    }

    /// <summary>The dev chain's token file; null without a dev chain.</summary>
    public static string? DevTokenFile => Text("RPC_URL") is null && Path.Combine(DataDirectory, "chain", "token") is var file && File.Exists(file) ? file : null;

    private static int MaxFeeGwei => Text("Chain__MaxFeeGwei") is not { } text ? 500
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var gwei) && gwei is >= 1 and <= 1_000_000 ? gwei
        : throw new CliFaultException(ExitCodes.Misconfigured, $"Chain__MaxFeeGwei is '{text}': choose a whole number from 1 to 1000000.");

    private static PrivateKey ChainWriter(string? file) =>
        file is not null ? KeyIn(file)
        : Text("PRIVATE_KEY") is { } text ? PrivateKey.TryParse(text, out var key) ? key : throw new CliFaultException(ExitCodes.Misconfigured, "PRIVATE_KEY is not 64 hex digits, with or without 0x.")
        : Text("KEYSTORE") is { } keystore ? Open(keystore, Read(keystore, "a keystore"), Read(Text("KEYSTORE_PASSPHRASE_FILE") ?? "", "the passphrase; see KEYSTORE_PASSPHRASE_FILE").TrimEnd('\r', '\n'))
        : KeyIn(Path.Combine(DataDirectory, "chain-writer.key"));

    /// <param name="file">Null for the development identity in DATA_DIR.</param>
    public static PrivateKey Key(string? file)
    {
        file ??= Path.Combine(DataDirectory, "identity.key");
        var key = KeyIn(file);
        if (Text("SIGNER_ADDRESS") is { } wanted && !(EthereumAddress.TryParseAnyCase(wanted, out var address) && address == key.Address))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"SIGNER_ADDRESS is {wanted}, the key in {file} has the address {key.Address}.");
        }

        return key;
    }

    private static PrivateKey KeyIn(string file)
    {
        if (file.Length == 0 || PrivateKey.TryParse(file, out _))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, "--key names a file that holds the key, not the key itself.");
        }

        var text = Read(file, "a private key; name it with --key, or make one with 'cap keygen'");
        return Keystore.IsKeystore(text) ? Open(file, text, Passphrase())
            : PrivateKey.TryParse(text, out var key) ? key
            : throw new CliFaultException(ExitCodes.Misconfigured, $"{file} is not a key: 64 hex digits, or a version 3 keystore.");
    }

    /// <summary>Reads the file that CAP_PASSPHRASE_FILE names, or asks at the terminal.</summary>
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

    private static PrivateKey Open(string file, string keystore, string passphrase)
    {
        try
        {
            return Keystore.Open(keystore, passphrase);
        }
        catch (KeystoreException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file}: {fault.Message}");
        }
    }

    /// <summary>Reads UTF-8 in any locale, with or without a byte order mark; refuses invalid bytes.</summary>
    /// <param name="file"><c>-</c> for standard input.</param>
    public static string Read(string file, string what)
    {
        try
        {
            using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            var text = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
            return StrictUtf8.GetString(text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text);
        }
        catch (DecoderFallbackException fault)
        {
            throw new CliFaultException(
                ExitCodes.Misconfigured, $"{file} is not UTF-8: " +
                    $"{string.Join(' ', fault.BytesUnknown!.Select(unknown => $"0x{unknown:x2}"))} at byte {fault.Index}. It should " +
                    $"hold {what}.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} cannot be read: {fault.Message} It should hold {what}.");
        }
    }

    private static int Port(string name, int fallback) => Text(name) is not { } text ? fallback
        : ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? port
        : throw new CliFaultException(ExitCodes.Misconfigured, $"{name} is '{text}': choose a whole number from 1 to 65535.");

    /// <summary>
    /// Returns a setting without a comment (white space and a #, which a shell removes and systemd does not) and
    /// without the carriage return of a settings file written on Windows; null when it is not set.
    /// </summary>
    public static string? Text(string name) =>
        Environment.GetEnvironmentVariable(name) is { } text && Comment().Replace(text, "").TrimEnd('\r') is { Length: > 0 } value ? value : null;

    [GeneratedRegex(@"\s+#.*$", RegexOptions.Singleline)]
    private static partial Regex Comment();
}
