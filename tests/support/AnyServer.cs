using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Support;

/// <summary>An HTTP server that gives the answers that a test sets, and records its requests.</summary>
public sealed class AnyServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private AnyServer(WebApplication app, int port) => (this.app, Port) = (app, port);

    public int Port { get; }

    /// <summary>Requests in order of arrival: method and path, and the Authorization header.</summary>
    public ConcurrentQueue<(string Call, string Authorization)> Calls { get; } = new();

    /// <summary>Produces the answer: status, media type and body.</summary>
    public Func<HttpRequest, (int Status, string Type, string Body)> Respond { get; set; } = _ => (200, "application/json", "{}");

    /// <param name="address">Address to listen on; null for loopback.</param>
    public static async Task<AnyServer> StartAsync(IPAddress? address = null)
    {
        var port = Child.FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (address is null)
            {
                kestrel.ListenLocalhost(port);
            }
            else
            {
                kestrel.Listen(address, port);
            }
        });
        var server = new AnyServer(builder.Build(), port);
        server.app.Run(async context =>
        {
            server.Calls.Enqueue(($"{context.Request.Method} {context.Request.Path}", context.Request.Headers.Authorization.ToString()));
            var (status, type, body) = server.Respond(context.Request);
            (context.Response.StatusCode, context.Response.ContentType) = (status, type);
            await context.Response.WriteAsync(body);
        });
        await server.app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
