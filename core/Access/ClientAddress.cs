using System.Net;

namespace CapOrleans.Core.Access;

/// <summary>
/// What limits by address count as one client: an IPv4 address, or an IPv6 network of 64 bits, since one IPv6 host
/// may have all of its addresses.
/// </summary>
public static class ClientAddress
{
    private const int NetworkBytes = 8;

    public static IPAddress Of(IPAddress? address)
    {
        if (address is null || address.IsIPv4MappedToIPv6)
        {
            return address?.MapToIPv4() ?? IPAddress.None;
        }

        var bytes = address.GetAddressBytes();
        if (bytes.Length > NetworkBytes)
        {
            bytes.AsSpan(NetworkBytes).Clear();
        }

        return new IPAddress(bytes);
    }
}
