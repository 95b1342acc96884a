using System.Diagnostics;
using System.Net;
using System.Net.Security;
using CapOrleans.Api.Answers;
using CapOrleans.HttpEdge.Answers;
using CapOrleans.HttpEdge.Callers;
using CapOrleans.HttpEdge.Connections;
using CapOrleans.HttpEdge.Telemetry;
using CapOrleans.Silo.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace CapOrleans.Silo.Ports;

/// <summary>An HTTP port: limits on its connections, TLS, and how a caller's address is determined.</summary>
internal static class WebPort
{
    /// <summary>Time for a request's headers to arrive, and for a TLS handshake. 10 seconds.</summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Bytes of unread requests that a connection may buffer: a caller that keeps sending and reads no answer buffers
    /// no more. As much is read from the socket before the next connection is accepted, so it must be small.
    /// </summary>
    private const long MaxRequestBuffer = 64 * 1024;

    /// <param name="tls">Null for plain HTTP.</param>
    public static WebApplicationBuilder Builder(IPAddress bind, int port, Reloaded<ServerTls>? tls, TrustedProxies proxies)
    {
        // No settings file is watched: the watcher would also see every write to the log.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        var connections = new ConnectionBudget(proxies, TimeProvider.System);
        var handshakes = new HandshakeLimit(TimeProvider.System);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
            kestrel.Limits.MaxRequestBufferSize = MaxRequestBuffer;
            kestrel.Listen(bind, port, listen =>
            {
                // Not HTTP/2: one connection could carry as many concurrent requests as a hundred.
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(connections.Limit);
                if (tls is not null)
                {
                    listen.Use(handshakes.Bound);
                    listen.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = _ => ValueTask.FromResult<SslServerAuthenticationOptions>(tls.Current.ForConnection()),
                        HandshakeTimeout = HeadersTimeout,
                    });
                    listen.Use(HandshakeLimit.End);
                }
            });
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(sockets => sockets.MaxReadBufferSize = MaxRequestBuffer); // the read-ahead of the socket has a limit of its own: 1 MiB by default
        builder.Services.AddSingleton<DistributedContextPropagator>(new TraceParentPropagator());
        builder.Services.AddSingleton<IStartupFilter>(services => new Entrance(connections, proxies, ActivatorUtilities.CreateInstance<Faults>(services)));
        return builder;
    }

    /// <summary>Runs before everything that the API or the gate adds to its pipeline.</summary>
    private sealed class Entrance(ConnectionBudget connections, TrustedProxies proxies, Faults faults) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseBudget(connections, context =>
            {
                context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
                return Problems.Of(
                    StatusCodes.Status503ServiceUnavailable, "too-many-connections", "",
                    $"At most {ConnectionBudget.MaxPerAddress} connections from one address, and {ConnectionBudget.MaxConnections} in all.").ExecuteAsync(context);
            });
            faults.Use(app);
            proxies.Use(app);
            HeadRequests.Use(app);
            app.Use((context, next) => OriginGuard.IsOtherSite(context.Request)
                ? Problems.Of(StatusCodes.Status403Forbidden, "other-origin", "Origin", "A page of another site must not make this call.").ExecuteAsync(context)
                : next(context));
            next(app);
        };
    }
}
