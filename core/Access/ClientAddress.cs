using System.Net;

namespace CapOrleans.Core.Access;

/// <summary>Whom a limit by address counts as one: an IPv4 address, or a network of 64 bits, of which one IPv6 host has all.</summary>
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
