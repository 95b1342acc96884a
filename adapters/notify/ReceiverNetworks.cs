using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using CapOrleans.Core.Access;

namespace CapOrleans.Notify;

/// <summary>A name leads to no address that webhooks may be delivered to.</summary>
public sealed class RefusedAddressException()
    : IOException("The receiver's addresses are neither public nor within Webhooks__AllowedNetworks.");

/// <summary>
/// Where webhooks may be delivered to: public addresses, and those of networks that an operator allows. A name is resolved by the
/// connection itself, which then goes to one of the addresses that were judged: there is no time between for another answer of the name's server (DNS rebinding).
/// </summary>
/// <param name="allowed">Besides public addresses.</param>
public sealed class ReceiverNetworks(IReadOnlyList<IPNetwork> allowed)
{
    /// <summary>What a service that listens on loopback itself may reach besides.</summary>
    public static IReadOnlyList<IPNetwork> Loopback { get; } = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    public bool Allow(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return PublicAddress.Is(plain) || allowed.Any(network => network.Contains(plain));
    }

    /// <returns>False when the host is an address, in whatever spelling, that is not allowed.</returns>
    public bool Allow(Uri url) => !IPAddress.TryParse(url.IdnHost.TrimEnd('.'), out var address) || Allow(address);

    /// <summary>A client that connects to nothing else, follows no redirect, keeps no cookie and knows no proxy. Whoever calls bounds the
    /// time.</summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = CertificatePolicy.OfMachine() },
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, cancellationToken),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        var found = IPAddress.TryParse(endPoint.Host, out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(endPoint.Host, cancellationToken);
        var addresses = Array.FindAll(found, Allow);
        if (addresses.Length == 0)
        {
            throw new RefusedAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, endPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
