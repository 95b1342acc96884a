using System.Collections.Concurrent;
using CapOrleans.Core.Archive;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Support;

/// <summary>
/// A stand-in for an IPFS node that imports CARs and returns blocks. Like Kubo, it refuses an option that the RPC
/// reference does not list for the command, and a block that does not match its CID.
/// </summary>
public sealed class KuboStandIn : IAsyncDisposable
{
    private static readonly Dictionary<string, string[]> Options = new()
    {
        ["dag/import"] = ["pin-roots", "silent", "stats", "fast-provide-root", "fast-provide-dag", "fast-provide-wait", "allow-big-block", "timeout", "cid-base", "upgrade-cidv0-in-output", "offline", "encoding"],
        ["block/get"] = ["arg", "timeout", "cid-base", "upgrade-cidv0-in-output", "offline", "encoding"],
    };

    private readonly WebApplication app;

    private KuboStandIn(WebApplication app, Uri url) => (this.app, Url) = (app, url);

    public Uri Url { get; }

    /// <summary>Blocks by the text of their CIDs.</summary>
    public ConcurrentDictionary<string, byte[]> Blocks { get; } = new();

    /// <summary>Roots, in the order in which they were imported.</summary>
    public ConcurrentQueue<string> Imported { get; } = new();

    /// <summary>Each CAR as it was received.</summary>
    public ConcurrentQueue<byte[]> Cars { get; } = new();

    /// <summary>
    /// Takes the CID and bytes of a block, and returns the bytes to store, or null to drop them, as a node does that
    /// verifies nothing. Null for Kubo's behaviour.
    /// </summary>
    public Func<string, byte[], byte[]?>? Keeps { get; set; }

    /// <summary>The pin error reported for a root; empty for none.</summary>
    public string PinError { get; set; } = "";

    public static async Task<KuboStandIn> StartAsync()
    {
        var url = new Uri($"http://127.0.0.1:{Child.FreePort()}");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url.ToString());
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var node = new KuboStandIn(builder.Build(), url);
        node.app.MapPost("/api/v0/dag/import", (HttpRequest request) => AnswerAsync(request, "dag/import", node.ImportAsync));
        node.app.MapPost("/api/v0/block/get", (HttpRequest request) => AnswerAsync(request, "block/get", request => Task.FromResult(node.Get($"{request.Query["arg"]}"))));
        await node.app.StartAsync();
        return node;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    /// <returns>The header, which lists the roots, and the blocks in order.</returns>
    public static (IReadOnlyList<byte[]> Header, IReadOnlyList<(Cid Cid, byte[] Bytes)> Blocks) Read(byte[] car)
    {
        var (at, blocks, header) = (0, new List<(Cid, byte[])>(), new List<byte[]>());
        while (at < car.Length)
        {
            var (length, shift) = (0, 0);
            do
            {
                length |= (car[at] & 0x7F) << shift;
                shift += 7;
            }
            while (car[at++] >= 0x80);

            var section = car[at..(at + length)];
            at += length;
            if (header.Count == 0)
            {
                header.Add(section);
                continue;
            }

            Assert.True(Cid.TryRead(section.AsSpan(0, 36), out var cid));
            blocks.Add((cid, section[36..]));
        }

        return (header, blocks);
    }

    private static async Task<IResult> AnswerAsync(HttpRequest request, string command, Func<HttpRequest, Task<IResult>> answer) =>
        request.Query.Keys.FirstOrDefault(key => !Options[command].Contains(key)) is { } unknown
            ? Results.Text($"unrecognized option \"{unknown}\"", statusCode: 400)
            : await answer(request);

    private async Task<IResult> ImportAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync(new Microsoft.AspNetCore.Http.Features.FormOptions { MultipartBodyLengthLimit = 1 << 30 });
        using var copy = new MemoryStream();
        await Assert.Single(form.Files).CopyToAsync(copy);
        var car = copy.ToArray();
        Cars.Enqueue(car);
        var (_, blocks) = Read(car);
        foreach (var (cid, bytes) in blocks)
        {
            if (Keeps is null && !cid.Matches(bytes))
            {
                return Error("mismatch in content integrity");
            }

            if ((Keeps is null ? bytes : Keeps(cid.Text, bytes)) is { } kept)
            {
                Blocks[cid.Text] = kept;
            }
        }

        var root = blocks[0].Cid.Text;
        Imported.Enqueue(root);
        return Results.Text($$$"""{"Root":{"Cid":{"/":"{{{root}}}"},"PinErrorMsg":"{{{PinError}}}"}}""" + "\n", "application/json");
    }

    private IResult Get(string cid) => Blocks.TryGetValue(cid, out var block)
        ? Results.Bytes(block, "application/octet-stream")
        : Error($"block was not found locally (offline): ipld: could not find {cid}");

    private static IResult Error(string message) => Results.Json(new { Message = message, Code = 0, Type = "error" }, statusCode: 500);
}
