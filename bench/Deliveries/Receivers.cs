using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CapOrleans.TestHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Bench.Deliveries;

/// <summary>
/// Receivers of webhooks that record when each incident arrived, or accept requests and never answer.
/// </summary>
internal sealed class Receivers : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly int port = Child.FreePort();
    private readonly ConcurrentDictionary<string, long> arrivals = new(StringComparer.Ordinal);

    private Receivers()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        app = builder.Build();
        app.MapPost("/{number}", ReceiveAsync);
        app.MapPost("/alertmanager", ReceiveAlertsAsync);
        app.MapPost("/hanging/{number}", context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
    }

    /// <summary>
    /// When each incident's first byte first arrived, in ticks of the stopwatch; for a page, the key has its level
    /// after the id.
    /// </summary>
    public IReadOnlyDictionary<string, long> Arrivals => arrivals;

    public static async Task<Receivers> StartAsync()
    {
        var receivers = new Receivers();
        await receivers.app.StartAsync();
        return receivers;
    }

    public string AlertmanagerUrl => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/alertmanager");

    public string Url(int number, bool hangs) => string.Create(
        CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/{(hangs ? "hanging/" : "")}{number}");

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token); // some requests never end
        await app.DisposeAsync();
    }

    private async Task ReceiveAlertsAsync(HttpContext context)
    {
        var at = Stopwatch.GetTimestamp();
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        foreach (var alert in body.RootElement.GetProperty("alerts").EnumerateArray())
        {
            arrivals.TryAdd(alert.GetProperty("labels").GetProperty("incident").GetString()!, at);
        }
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        var at = Stopwatch.GetTimestamp();
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var data = body.RootElement.GetProperty("data");
        var id = data.GetProperty("incidentId").GetString()!;
        arrivals.TryAdd(data.TryGetProperty("level", out var level) ? $"{id}/{level}" : id, at);
    }
}
