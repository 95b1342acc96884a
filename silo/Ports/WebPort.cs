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

/// <summary>A port that answers HTTP: who may hold how many of its connections, TLS, and what a caller's address is.</summary>
internal static class WebPort
{
    /// <summary>For the headers of a request to arrive whole, and for a TLS handshake. 10 seconds.</summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// What a connection may hold of requests that nobody has read yet, bytes: a caller that sends without end and reads no answer holds no more.
    /// The socket is read as far before the next connection is accepted: it must not be long.
    /// </summary>
    private const long MaxRequestBuffer = 64 * 1024;

    /// <param name="tls">Null for plain HTTP.</param>
    public static WebApplicationBuilder Builder(IPAddress bind, int port, Reloaded<ServerTls>? tls, TrustedProxies proxies)
    {
        // No settings file is watched: the watcher would see every write to the log, too.
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
                // Not HTTP/2: one connection would be as many requests under way as a hundred.
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
        builder.WebHost.UseSockets(sockets => sockets.MaxReadBufferSize = MaxRequestBuffer); // what is read ahead of Kestrel has a limit of its own: 1 MiB by default
        builder.Services.AddSingleton<DistributedContextPropagator>(new TraceParentPropagator());
        builder.Services.AddSingleton<IStartupFilter>(services => new Entrance(connections, proxies, ActivatorUtilities.CreateInstance<Faults>(services)));
        return builder;
    }

    /// <summary>Comes before everything that the API or the gate puts into its pipeline.</summary>
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
