using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using CapOrleans.Core.Sealing;

namespace CapOrleans.Cli.Vpn;

/// <summary>
/// The gate's end of the tunnels, as a file for wg-quick. There is no other state: the file contains the assigned
/// addresses and, in comments, what WireGuard itself does not need.
/// </summary>
internal sealed partial class GateConfiguration
{
    /// <summary>
    /// Interval of the empty packets with which a host keeps its path through a router open. Seconds.
    /// </summary>
    private const int KeepAliveSeconds = 25;

    private readonly string file;
    private readonly string text;
    private readonly X25519PrivateKey key;
    private readonly IPNetwork network;
    private readonly string endpoint;

    private GateConfiguration(string file, string text)
    {
        (this.file, this.text) = (file, text);
        var address = Value(InterfaceAddress());
        if (!X25519PrivateKey.TryParse(Value(PrivateKeyLine()), out var own) || address.Split('/') is not [var first, var length]
            || !IPAddress.TryParse(first, out var ip) || !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture,
                out var bits) || !IsNetwork(new IPNetwork(NetworkBase(ip, Math.Min(bits, LengthOf(ip))), Math.Min(bits, LengthOf(ip)))))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} does not have the form that 'cap vpn init' writes.");
        }

        (key, Address, network, endpoint) = (own, ip, new IPNetwork(NetworkBase(ip, bits), bits), Value(EndpointComment()));
    }

    /// <summary>The gate's address within the tunnels, the only one that hosts reach.</summary>
    public IPAddress Address { get; }

    public string PublicKey => Convert.ToBase64String(key.PublicKey);

    /// <summary>Whether its prefix has 8 to 30 bits for IPv4, or 64 to 126 for IPv6.</summary>
    public static bool IsNetwork(IPNetwork network) => network.BaseAddress.AddressFamily == AddressFamily.InterNetwork
        ? network.PrefixLength is >= 8 and <= 30
        : network.PrefixLength is >= 64 and <= 126;

    /// <param name="endpoint">Where hosts reach the gate, as host:port.</param>
    /// <returns>The text of the new file.</returns>
    public static string Write(IPNetwork network, string endpoint) => $"""
        # cap vpn: endpoint {endpoint}
        [Interface]
        PrivateKey = {X25519PrivateKey.Create().Export()}
        Address = {AddressAt(network, 1)}/{network.PrefixLength}
        ListenPort = {endpoint[(endpoint.LastIndexOf(':') + 1)..]}

        """;

    public static GateConfiguration Read(string file) => new(file, CapEnvironment.Read(file, "a gate's WireGuard configuration; make it with 'cap vpn init'"));

    /// <summary>Assigns the next free address to a host, which may send from that address only.</summary>
    /// <param name="hostKey">The host's own public key; null to make one here.</param>
    /// <returns>The gate's new text, the host's text, and the host's address.</returns>
    public (string Gate, string Host, IPAddress Address) Add(string name, string? hostKey)
    {
        if (text.Split('\n').Contains($"# cap vpn: host {name}"))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} already has a host {name}: remove its " +
                "[Peer] first, or choose another name.");
        }

        if (hostKey is not null && text.Contains(hostKey, StringComparison.Ordinal))
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} already has a host with this key: WireGuard " +
                "identifies a host by its key alone.");
        }

        var given = AllowedAddresses().Matches(text).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries))
            .Select(address => IPAddress.TryParse(address.Split('/')[0], out var parsed) ? parsed : IPAddress.None).ToHashSet();
        var length = LengthOf(Address);
        var last = (1L << Math.Min(32, length - network.PrefixLength)) - 2; // the last address of a network is the broadcast address
        var free = Enumerable.Range(2, (int)Math.Min(last, int.MaxValue) - 1).Select(number => AddressAt(network,
            number)).FirstOrDefault(one =>
            !given.Contains(one))
            ?? throw new CliFaultException(ExitCodes.Misconfigured, $"{network} has no free address left.");
        var (own, shared) = (hostKey is null ? X25519PrivateKey.Create() : null, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        var gate = $"""
            {text.TrimEnd('\n')}

            # cap vpn: host {name}
            [Peer]
            PublicKey = {hostKey ?? Convert.ToBase64String(own!.PublicKey)}
            PresharedKey = {shared}
            AllowedIPs = {free}/{length}

            """;
        var host = $"""
            [Interface]
            {(own is null ? "# The key is in a file that only this host has.\nPostUp = wg set %i private-key /etc/wireguard/%i.key" : $"PrivateKey = {own.Export()}")}
            Address = {free}/{length}

            [Peer]
            PublicKey = {PublicKey}
            PresharedKey = {shared}
            AllowedIPs = {Address}/{length}
            Endpoint = {endpoint}
            PersistentKeepalive = {KeepAliveSeconds}

            """;
        return (gate, host, free);
    }

    private static int LengthOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    private static IPAddress AddressAt(IPNetwork network, int number)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan()[^4..], BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan()[^4..]) + (
            uint)number);
        return new IPAddress(bytes);
    }

    private static IPAddress NetworkBase(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = bits; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    private string Value(Regex line) => line.Match(text) is { Success: true } match ? match.Groups[1].Value : "";

    [GeneratedRegex("^PrivateKey = (.*)$", RegexOptions.Multiline)]
    private static partial Regex PrivateKeyLine();

    [GeneratedRegex("^Address = (.*)$", RegexOptions.Multiline)]
    private static partial Regex InterfaceAddress();

    [GeneratedRegex("^# cap vpn: endpoint (.*)$", RegexOptions.Multiline)]
    private static partial Regex EndpointComment();

    [GeneratedRegex(@"^\s*AllowedIPs\s*=\s*(.*)$", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex AllowedAddresses();
}
