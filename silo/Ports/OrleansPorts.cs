using System.Net;
using System.Net.Sockets;
using CapOrleans.HttpEdge.Callers;
using CapOrleans.HttpEdge.Connections;
using CapOrleans.Silo.Settings;
using CapOrleans.Silo.Tls;
using Orleans.Configuration;

namespace CapOrleans.Silo.Ports;

/// <summary>
/// The ports of a silo and of its gateway. Connections are limited like those of the HTTP ports: one that is silent, or
/// never completes the handshake, gives way to one that does. A connection that presented a certificate of the cluster
/// is kept.
/// </summary>
internal static class OrleansPorts
{
    /// <summary>
    /// Checks the ports before Orleans does, which reports a conflict in three stack traces and without the port.
    /// </summary>
    /// <exception cref="IOException">Another process uses one of them.</exception>
    public static void ThrowIfTaken(NodeSettings settings)
    {
        foreach (var (name, port) in ((string, int)[])[("SILO_PORT", settings.SiloPort), ("GATEWAY_PORT", settings.GatewayPort)])
        {
            using var probe = new Socket(settings.SiloAddress.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(settings.SiloAddress, port));
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new IOException($"{name} {port} is in use at {settings.SiloAddress}: choose another, or stop what is using it.", fault);
            }
        }
    }

    public static void UseBoundedTls(this ISiloBuilder silo, ClusterTls tls)
    {
        var proxies = new TrustedProxies([]);
        var (members, clients) = (new ConnectionBudget(proxies, TimeProvider.System), new ConnectionBudget(proxies, TimeProvider.System));
        var handshakes = new HandshakeLimit(TimeProvider.System);
        silo.Configure<SiloConnectionOptions>(options =>
        {
            options.ConfigureSiloInboundConnection(port => port.Use(members.Limit).Use(handshakes.Bound));
            options.ConfigureGatewayInboundConnection(port => port.Use(clients.Limit).Use(handshakes.Bound));
        });
        silo.UseTls(tls.Configure);
        silo.Configure<SiloConnectionOptions>(options =>
        {
            options.ConfigureSiloInboundConnection(port => port.Use(HandshakeLimit.End).Use(members.Pin));
            options.ConfigureGatewayInboundConnection(port => port.Use(HandshakeLimit.End).Use(clients.Pin));
        });
    }
}
