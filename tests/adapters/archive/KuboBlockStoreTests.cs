using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using CapOrleans.Archive;
using CapOrleans.Core.Archive;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Archive;

/// <summary>
/// What <c>block/put</c> accepts, by the rules of nodes in the field: the options of Kubo's RPC reference, and of
/// js-ipfs 0.66, for which a stand-in answers here.
/// </summary>
public sealed class KuboBlockStoreTests : IAsyncDisposable
{
    private static readonly Block Raw = Of(Cid.Raw, "{\"a\": 1}"u8), Cbor = Of(Cid.DagCbor, [0xa0]);

    private readonly TempDirectory directory = new();
    private readonly HttpClient http = new();
    private readonly ConcurrentQueue<string> calls = new();
    private WebApplication? app;

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }

        http.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Kubo_is_sent_the_codec_once_and_no_unknown_option()
    {
        var store = await StartAsync("/", Kubo);
        await store.PutAsync([Raw, Cbor], default);
        Assert.Equal(2, calls.Count);
    }

    [Fact]
    public async Task A_node_that_knows_only_the_old_option_name_is_sent_only_that_from_then_on()
    {
        var store = await StartAsync("/", JsIpfs);
        await store.PutAsync([Raw, Cbor], default);
        Assert.Contains("cid-codec", calls);
        calls.Clear();
        await store.PutAsync([Raw, Cbor], default);
        Assert.Equal(["format", "format"], calls);
    }

    [Fact]
    public async Task A_batch_gets_through_to_a_node_that_loses_every_third_call()
    {
        var asked = 0;
        var store = await StartAsync("/", (query, put) => Interlocked.Increment(ref asked) % 3 == 0 ? null : Kubo(query, put));
        Block[] batch = [.. Enumerable.Range(0, 12).Select(i => Of(Cid.Raw, Encoding.UTF8.GetBytes($"{i}")))];
        for (var lost = 0; ; lost++)
        {
            try
            {
                await store.PutAsync(batch, default);
                Assert.Equal(batch.Length + (calls.Count / 3), calls.Count); // what it took in one attempt is not sent again in another
                break;
            }
            catch (IpfsUnavailableException) when (lost < batch.Length)
            {
            }
        }
    }

    [Fact]
    public async Task Many_blocks_are_sent_in_parallel_and_what_a_slow_node_did_not_take_within_a_minute_is_reported()
    {
        var (time, isSlow) = (new FakeTimeProvider(), new TaskCompletionSource());
        var store = await StartAsync("/", (query, put) => new Held(isSlow.Task, Kubo(query, put)), time: time);
        Block[] batch = [.. Enumerable.Range(0, 40).Select(i => Of(Cid.Raw, Encoding.UTF8.GetBytes($"{i}")))];
        var putting = store.PutAsync(batch, default);
        await Eventually.TrueAsync(() => calls.Count == 16);
        time.Advance(TimeSpan.FromMinutes(1));
        var fault = await Assert.ThrowsAsync<IpfsUnavailableException>(() => putting);
        Assert.Contains("is too slow: it stored 0 of 40 blocks in 60 seconds", fault.Message, StringComparison.Ordinal);
        Assert.Equal(batch[39].Bytes, await store.FindAsync(batch[39].Cid, default)); // the embedded store has them all
        isSlow.SetResult();
        await store.PutAsync(batch, default);
    }

    [Fact]
    public async Task A_path_and_credentials_in_the_URL_are_sent()
    {
        var seen = new ConcurrentQueue<string>();
        var store = await StartAsync("/kubo/", Kubo, "reader:p%40ss@", seen);
        await store.PutAsync([Raw], default);
        Assert.Equal($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("reader:p@ss"))}", Assert.Single(seen));
    }

    /// <summary>
    /// As Kubo since 0.13: refuses both names at once, and any option that the command does not have.
    /// </summary>
    private static IResult Kubo(IQueryCollection query, byte[] put)
    {
        string[] known = ["cid-codec", "mhtype", "mhlen", "pin", "allow-big-block", "format", "timeout", "cid-base", "upgrade-cidv0-in-output", "offline", "encoding"];
        return query.Keys.FirstOrDefault(key => !known.Contains(key)) is { } unknown ? Results.Text($"unrecognized option \"{unknown}\"", statusCode: 400)
            : query.ContainsKey("cid-codec") && query.ContainsKey("format") ? Results.Text("unable to use \"format\" (deprecated) and a custom \"cid-codec\" at the same time", statusCode: 500)
            : Answer(put, query["cid-codec"].FirstOrDefault() ?? "raw", query["cid-base"]);
    }

    /// <summary>
    /// As js-ipfs: the codec is <c>format</c>, or dag-pb if that is missing; other options are ignored.
    /// </summary>
    private static IResult JsIpfs(IQueryCollection query, byte[] put) =>
        Answer(put, query["format"].FirstOrDefault() ?? "dag-pb", query["cid-base"]);

    private static IResult Answer(byte[] put, string codec, StringValues baseName)
    {
        Assert.Equal("base32", baseName);
        var key = codec == "raw" ? Cid.Of(Cid.Raw, put).Text : codec == "dag-cbor" ? Cid.Of(Cid.DagCbor, put).Text : "bafybeiother";
        return Results.Content($$"""{"Key":"{{key}}","Size":8}""", "application/json");
    }

    private sealed class Held(Task until, IResult result) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await until;
            await result.ExecuteAsync(httpContext);
        }
    }

    private static Block Of(byte codec, ReadOnlySpan<byte> bytes) => new(Cid.Of(codec, bytes.ToArray()), bytes.ToArray());

    private async Task<KuboBlockStore> StartAsync(
        string path, Func<IQueryCollection, byte[], IResult?> answer, string credentials = "",
        ConcurrentQueue<string>? authorizations = null, TimeProvider? time = null)
    {
        var port = Child.FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        app = builder.Build();
        app.MapPost($"{path}api/v0/block/put", async (HttpContext context) =>
        {
            var form = await context.Request.ReadFormAsync();
            var file = Assert.Single(form.Files);
            Assert.Equal("data", file.Name);
            var put = new byte[file.Length];
            await file.OpenReadStream().ReadExactlyAsync(put);
            calls.Enqueue(context.Request.Query.Keys.First(key => key is "cid-codec" or "format"));
            authorizations?.Enqueue($"{context.Request.Headers.Authorization}");
            if (answer(context.Request.Query, put) is { } given)
            {
                return given;
            }

            context.Abort();
            return Results.Empty;
        });
        await app.StartAsync();
        var rpc = new KuboRpc(http, new Uri($"http://{credentials}127.0.0.1:{port}{path}"));
        return new KuboBlockStore(new SqliteBlockStore(directory.File("blocks.db")), rpc, time ?? TimeProvider.System);
    }
}
