using System.Diagnostics;
using System.Net;
using CapOrleans.HttpEdge.Callers;
using CapOrleans.Silo.Ports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CapOrleans.Tests.Silo.Ports;

/// <summary>What a stranger can get a port to hold or to pass on.</summary>
public sealed class WebPortTests
{
    [Fact]
    public async Task Buffers_of_unread_requests_stay_within_what_docs_edge_states()
    {
        await using var app = WebPort.Builder(IPAddress.Loopback, 0, tls: null, new TrustedProxies([])).Build();
        var limits = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.Equal(64 * 1024, limits.MaxRequestBufferSize);
        Assert.Equal(64 * 1024, app.Services.GetRequiredService<IOptions<SocketTransportOptions>>().Value.MaxReadBufferSize);
        Assert.InRange(limits.MaxResponseBufferSize!.Value, 0, 64 * 1024);
    }

    [Fact]
    public async Task A_caller_s_baggage_and_tracestate_are_not_passed_on_to_other_requests()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Microsoft.AspNetCore" or "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        var builder = WebPort.Builder(IPAddress.Loopback, 0, tls: null, new TrustedProxies([]));
        builder.Services.AddSingleton(TimeProvider.System);
        await using var app = builder.Build();
        using var http = new HttpClient();
        app.MapGet("/headers", (HttpRequest request) => string.Join(' ', request.Headers.Select(header =>
            $"{header.Key}: {header.Value}")));
        app.MapGet("/ask", async (HttpRequest request) => await http.GetStringAsync(new Uri(
            $"http://{request.Host}/headers"))); // on the caller's behalf
        await app.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{app.Urls.Single()}/ask"));
        const string Trace = "0af7651916cd43dd8448eb211c80319c";
        request.Headers.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-01");
        request.Headers.Add("tracestate", "vendor=${jndi:x}");
        request.Headers.Add("baggage", "k=${jndi:x}");
        request.Headers.Add("Correlation-Context", "k=${jndi:x}");
        using var stranger = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var answer = await stranger.SendAsync(request);
        var headers = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(Trace, headers, StringComparison.Ordinal); // the trace continues
        Assert.DoesNotContain("jndi", headers, StringComparison.Ordinal);
    }
}
