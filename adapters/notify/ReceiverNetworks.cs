using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using CapOrleans.Core.Access;

namespace CapOrleans.Notify;

/// <summary>The receiver's host has no address that webhooks may be delivered to.</summary>
public sealed class RefusedAddressException()
    : IOException("The receiver's addresses are neither public nor within Webhooks__AllowedNetworks.");

/// <summary>
/// The networks that webhooks may be delivered to: public addresses, and those that an operator allows. The name is
/// resolved while connecting, and the connection goes to one of the addresses that were checked, so the DNS server
/// cannot give another answer in between (DNS rebinding).
/// </summary>
/// <param name="allowed">Networks allowed besides public addresses.</param>
public sealed class ReceiverNetworks(IReadOnlyList<IPNetwork> allowed)
{
    /// <summary>Networks that are allowed in addition when the service itself listens on loopback.</summary>
    public static IReadOnlyList<IPNetwork> Loopback { get; } = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    public bool IsAllowed(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return PublicAddress.IsPublic(plain) || allowed.Any(network => network.Contains(plain));
    }

    /// <returns>
    /// False when the host is an IP address, in any notation, that is not allowed. Names are checked on connecting.
    /// </returns>
    public bool IsAllowed(Uri url) => !IPAddress.TryParse(url.IdnHost.TrimEnd('.'), out var address) || IsAllowed(address);

    /// <summary>
    /// Creates a client that connects to these networks only and uses no redirects, cookies or proxy. It has no
    /// timeout: the caller bounds the time.
    /// </summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = CertificatePolicy.TrustingMachine() },
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
        var addresses = Array.FindAll(found, IsAllowed);
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
