using System.Net;
using CapOrleans.HttpEdge.Callers;
using CapOrleans.Silo.Ports;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CapOrleans.Tests.Silo.Ports;

/// <summary>What one connection of a stranger may hold.</summary>
public sealed class WebPortTests
{
    [Fact]
    public async Task Requests_that_nobody_has_read_yet_hold_no_more_than_docs_edge_says()
    {
        await using var app = WebPort.Builder(IPAddress.Loopback, 0, tls: null, new TrustedProxies([])).Build();
        var limits = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.Equal(64 * 1024, limits.MaxRequestBufferSize);
        Assert.Equal(64 * 1024, app.Services.GetRequiredService<IOptions<SocketTransportOptions>>().Value.MaxReadBufferSize);
        Assert.InRange(limits.MaxResponseBufferSize!.Value, 0, 64 * 1024);
    }
}
