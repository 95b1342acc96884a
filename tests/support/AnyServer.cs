using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Support;

/// <summary>A server that answers as a test wants it to, and remembers what it was asked.</summary>
public sealed class AnyServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private AnyServer(WebApplication app, int port) => (this.app, Port) = (app, port);

    public int Port { get; }

    /// <summary>In their order: method and path, and the header Authorization.</summary>
    public ConcurrentQueue<(string Call, string Authorization)> Calls { get; } = new();

    /// <summary>How it answers: status, media type and body.</summary>
    public Func<HttpRequest, (int Status, string Type, string Body)> Respond { get; set; } = _ => (200, "application/json", "{}");

    /// <param name="address">Null for this machine's own.</param>
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
