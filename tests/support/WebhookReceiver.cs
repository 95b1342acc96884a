using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Support;

public sealed record ReceivedDelivery(string Id, string Timestamp, string Signature, byte[] Bytes)
{
    public JsonElement Body => JsonElement.Parse(Bytes);
}

/// <summary>A real HTTP server that receives webhooks; it can refuse the first few deliveries.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Channel<ReceivedDelivery> received = Channel.CreateUnbounded<ReceivedDelivery>();
    private readonly int refusal;
    private int refusals;

    private WebhookReceiver(WebApplication app, int port, int refusals, int refusal)
    {
        (this.app, this.refusals, this.refusal) = (app, refusals, refusal);
        Url = $"http://127.0.0.1:{port}/hook";
    }

    public string Url { get; }

    /// <summary>Number of requests, including those that were refused.</summary>
    public int Attempts { get; private set; }

    public static async Task<WebhookReceiver> StartAsync(int refusals = 0, int refusal = 503, int port = 0)
    {
        port = port == 0 ? Child.FreePort() : port;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        var receiver = new WebhookReceiver(app, port, refusals, refusal);
        app.MapPost("/hook", (Delegate)receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public async Task<ReceivedDelivery> NextAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        return await received.Reader.ReadAsync(timeout.Token);
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpContext context)
    {
        Attempts++;
        if (refusals-- > 0)
        {
            context.Response.Headers.Location = Url; // must not be followed
            return Results.StatusCode(refusal);
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers;
        received.Writer.TryWrite(new ReceivedDelivery(headers["webhook-id"]!, headers["webhook-timestamp"]!, headers["webhook-signature"]!, body.ToArray()));
        return Results.Ok();
    }
}
