using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using CapOrleans.Cli.Vpn;
using CapOrleans.Core.Sealing;

namespace CapOrleans.Cli.Commands;

/// <summary>Writes files for wg-quick: WireGuard tunnels between a gate and its hosts. It starts nothing.</summary>
internal static class VpnCommand
{
    private const string GateName = "cap-gate";

    public static Command Create() => new("vpn", "WireGuard files for a gate and its hosts: init, peer. Example: cap vpn init --endpoint gate.example:51820") { Init(), Peer() };

    private static Command Init()
    {
        var endpoint = new Option<string>("--endpoint") { Description = "Where hosts reach the gate's WireGuard, host:port; an IPv6 " +
            "address in brackets", Required = true };
        var network = new Option<string>(
            "--network") { Description = "Addresses within the tunnels, IPv4 or IPv6; the gate has the first", DefaultValueFactory = _ =>
            "10.86.0.0/24" };
        var folder = FolderOption();
        var command = new Command("init", $"Make the gate's key and write {GateName}.conf, which must not exist. Example: cap vpn init --endpoint gate.example:51820") { endpoint, network, folder };
        command.SetAction(parsed =>
        {
            var (where, addresses) = (parsed.GetRequiredValue(endpoint), parsed.GetRequiredValue(network));
            if (where.LastIndexOf(':') is var colon && (colon < 1 || where.Any(char.IsWhiteSpace) || (where[..colon].Contains(':')
                && where[0] != '[') || !ushort.TryParse(where.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out var port) || port == 0))
            {
                throw new CliFaultException(ExitCodes.Misconfigured,
                    $"--endpoint is '{where}': choose host:port, for example gate.example:51820 or [2001:db8::1]:51820.");
            }

            if (!IPNetwork.TryParse(addresses, out var chosen) || !GateConfiguration.IsNetwork(chosen))
            {
                throw new CliFaultException(ExitCodes.Misconfigured,
                    $"--network is '{addresses}': choose a network of 8 to 30 bits, for example 10.86.0.0/24, or of IPv6 of 64 to " +
                    $"126, for example fd86::/64.");
            }

            var file = Path.Combine(parsed.GetRequiredValue(folder), $"{GateName}.conf");
            PrivateFile.Create(file, GateConfiguration.Write(chosen, where));
            var gate = GateConfiguration.Read(file);
            return Output.Print(
                new JsonObject { ["file"] = file, ["address"] = $"{gate.Address}", ["publicKey"] = gate.PublicKey },
                $"{file}\nOn the gate: copy it to /etc/wireguard, wg-quick up {GateName}, and set Gate__Bind={gate.Address}. For each host: cap vpn peer NAME");
        });
        return command;
    }

    private static Command Peer()
    {
        var name = new Argument<string>("NAME") { Description = "Name of the host and of its interface: 1 to 15 letters, digits, - and _" };
        var key = new Option<string?>("--public-key") { Description = "The host's own, if it generated its key itself " +
            "(wg genkey); by default, the key is generated here and is in the file" };
        var folder = FolderOption();
        var command = new Command("peer", $"Add a host: add it to {GateName}.conf and write NAME.conf for it. It " +
            "reaches the gate and nothing else. Example: cap vpn peer web-01") { name, key, folder };
        command.SetAction(parsed =>
        {
            var host = parsed.GetRequiredValue(name);
            if (host.Length is 0 or > 15 || host == GateName || !host.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"'{host}' is not a valid interface name: choose " +
                    $"1 to 15 letters, digits, - and _, and not {GateName}.");
            }

            if (parsed.GetValue(key) is { } given && !X25519PrivateKey.TryReadKey(given, out _))
            {
                throw new CliFaultException(ExitCodes.Misconfigured, "--public-key is not a WireGuard key: 44 characters of base64.");
            }

            var (gateFile, hostFile) = (Path.Combine(parsed.GetRequiredValue(folder), $"{GateName}.conf"), Path.Combine(parsed.GetRequiredValue(folder), $"{host}.conf"));
            _ = GateConfiguration.Read(gateFile); // fail before a lock is created for a file that does not exist
            using var alone = PrivateFile.Lock(gateFile);
            var gate = GateConfiguration.Read(gateFile);
            var (gateText, hostText, address) = gate.Add(host, parsed.GetValue(key));
            PrivateFile.Create(hostFile, hostText);
            PrivateFile.Replace(gateFile, gateText);
            return Output.Print(
                new JsonObject { ["file"] = hostFile, ["address"] = $"{address}", ["gate"] = $"{gate.Address}" },
                $"{hostFile}\nOn the gate: copy {gateFile} again, then wg syncconf {GateName} <(wg-quick strip {GateName}). On {host}: copy the file to /etc/wireguard, "
                + (parsed.GetValue(key) is null ? "" : $"put its own key into /etc/wireguard/{host}.key, ")
                + $"wg-quick up {host}, and set VPN_ENDPOINT={new UriBuilder(Uri.UriSchemeHttp, $"{gate.Address}", 8989, "gate_receive")}");
        });
        return command;
    }

    private static Option<string> FolderOption() => new("--folder") { Description = "Where the files are", DefaultValueFactory = _ => "." };
}
