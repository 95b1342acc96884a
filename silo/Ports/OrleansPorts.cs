using CapOrleans.HttpEdge.Callers;
using CapOrleans.HttpEdge.Connections;
using CapOrleans.Silo.Tls;
using Orleans.Configuration;

namespace CapOrleans.Silo.Ports;

/// <summary>
/// The ports of a silo and of its gateway. Connections are bounded as those of the HTTP ports are: whoever says nothing, or never ends the handshake,
/// gives way to whoever does. A connection that showed a certificate of the cluster is kept.
/// </summary>
internal static class OrleansPorts
{
    public static void UseBoundedTls(this ISiloBuilder silo, ClusterTls tls)
    {
        var proxies = new TrustedProxies([]);
        var (members, clients) = (new ConnectionBudget(proxies, TimeProvider.System), new ConnectionBudget(proxies, TimeProvider.System));
        silo.Configure<SiloConnectionOptions>(options =>
        {
            options.ConfigureSiloInboundConnection(port => port.Use(members.Limit));
            options.ConfigureGatewayInboundConnection(port => port.Use(clients.Limit));
        });
        silo.UseTls(tls.Configure);
        silo.Configure<SiloConnectionOptions>(options =>
        {
            options.ConfigureSiloInboundConnection(port => port.Use(members.Keep));
            options.ConfigureGatewayInboundConnection(port => port.Use(clients.Keep));
        });
    }
}
