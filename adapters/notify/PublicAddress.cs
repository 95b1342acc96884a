using System.Net;
using System.Net.Sockets;

namespace CapOrleans.Notify;

/// <summary>
/// Tells which addresses belong to the public internet, by IANA's special-purpose address registries. All others are
/// this machine, its network, a cloud's metadata service, or unassigned. An IPv6 address that embeds an IPv4 address is
/// judged by that.
/// </summary>
public static class PublicAddress
{
    private static readonly IPNetwork[] SpecialIPv4 = Networks(
        "0.0.0.0/8", // this network
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // private
        "100.64.0.0/10", // carrier-grade NAT
        "127.0.0.0/8", // loopback
        "168.63.129.16/32", // Azure's platform services, on every virtual machine
        "169.254.0.0/16", // link-local, metadata of clouds
        "192.0.0.0/24", // IETF protocol assignments
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", // documentation
        "192.88.99.0/24", // 6to4 relays
        "198.18.0.0/15", // benchmarks
        "224.0.0.0/4", // multicast
        "240.0.0.0/4"); // reserved, broadcast

    /// <summary>
    /// The rest of IPv6 has loopback, unspecified, IPv4-compatible, link-local, site-local, unique local and multicast
    /// addresses.
    /// </summary>
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] SpecialIPv6 = Networks(
        "2001::/23", // IETF protocol assignments, benchmarks
        "2001:db8::/32", "3fff::/20"); // documentation

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork Teredo = IPNetwork.Parse("2001::/32");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return !Array.Exists(SpecialIPv4, network => network.Contains(address));
        }

        var bytes = address.GetAddressBytes();
        return Nat64.Contains(address) ? IsPublic(Embedded(bytes, 12))
            : SixToFour.Contains(address) ? IsPublic(Embedded(bytes, 2))
            : Teredo.Contains(address) ? IsPublic(Embedded(bytes, 4)) && IsPublic(Embedded(bytes, 12,
                isInverted: true)) // server and client
            : GlobalUnicast.Contains(address) && !Array.Exists(SpecialIPv6, network => network.Contains(address));
    }

    private static IPAddress Embedded(byte[] bytes, int at, bool isInverted = false)
    {
        var address = bytes[at..(at + 4)];
        return new IPAddress(isInverted ? Array.ConvertAll(address, part => (byte)~part) : address);
    }

    private static IPNetwork[] Networks(params string[] networks) => Array.ConvertAll(networks, IPNetwork.Parse);
}
