using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Bench.Anchors;

/// <summary>A call to the chain that a fault can change or answer.</summary>
/// <param name="Method">Method of JSON-RPC.</param>
/// <param name="Body">The request as it goes to the node; a fault may change it.</param>
internal sealed record ChainCall(HttpContext Context, string Method, JsonObject Body)
{
    public JsonArray Parameters => Body["params"]!.AsArray();

    /// <summary>Answers in place of the node.</summary>
    public async Task<bool> AnswerAsync(int status, string text, string type = "application/json")
    {
        (Context.Response.StatusCode, Context.Response.ContentType) = (status, type);
        await Context.Response.WriteAsync(text);
        return true;
    }

    public Task<bool> RefuseAsync(int code, string message) => AnswerAsync(200, new JsonObject
    {
        ["jsonrpc"] = "2.0", ["id"] = Body["id"]!.DeepClone(), ["error"] = new JsonObject { ["code"] = code, ["message"] = message },
    }.ToJsonString());

    public Task<bool> HangUpAsync()
    {
        Context.Abort();
        return Task.FromResult(true);
    }
}

/// <summary>A proxy in front of a chain's node that injects the faults of real providers.</summary>
internal sealed class FaultyChain : IAsyncDisposable
{
    private readonly HttpClient http = new();
    private readonly WebApplication app;
    private readonly Uri node;

    private FaultyChain(Uri node, int port)
    {
        this.node = node;
        Url = new Uri($"http://127.0.0.1:{port}/");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        app = builder.Build();
        app.Run(ServeAsync);
    }

    public Uri Url { get; }

    /// <summary>Runs before the node is called; true when it has answered.</summary>
    public Func<ChainCall, Task<bool>>? Before { get; set; }

    /// <summary>Changes the node's answer; true when there is to be no answer.</summary>
    public Func<ChainCall, JsonObject, Task<bool>>? After { get; set; }

    public static async Task<FaultyChain> StartAsync(Uri node, int port)
    {
        var made = new FaultyChain(node, port);
        await made.app.StartAsync();
        return made;
    }

    public void Heal() => (Before, After) = (null, null);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        http.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        var (before, after) = (Before, After);
        var body = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        var call = new ChainCall(context, (string)body["method"]!, body);
        if (before is not null && await before(call))
        {
            return;
        }

        using var asked = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(node, asked);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        if (after is null || !await after(call, answer))
        {
            await call.AnswerAsync(200, answer.ToJsonString());
        }
    }
}
