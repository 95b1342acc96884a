using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using CapOrleans.Archive;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;

namespace CapOrleans.Tests.Archive;

/// <summary>The archive's client with an independently written node.</summary>
public sealed class JsIpfsTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private JsIpfs node = null!;

    public async Task InitializeAsync() => node = await JsIpfs.StartAsync();

    public Task DisposeAsync()
    {
        node.Dispose();
        http.Dispose();
        directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_real_node_stores_pins_and_returns_blocks_even_after_an_outage()
    {
        var store = Store();
        var (first, second, third) = (Batch("first", 5), Batch("second", 3), Batch("third", 2));
        await store.PutAsync(first, default);
        await store.PutAsync(second, default);
        await AssertHoldsAsync([.. first, .. second]);

        node.GoAway();
        await Assert.ThrowsAsync<IpfsUnavailableException>(() => store.PutAsync(third, default));
        Assert.Equal(third[0].Bytes, await store.FindAsync(third[0].Cid, default)); // the embedded store did not wait for the node

        await node.ComeBackAsync();
        await store.PutAsync(third, default);
        await store.PutAsync(first, default); // storing again what it already has does no harm
        await AssertHoldsAsync([.. first, .. second, .. third]);
    }

    [Fact]
    public async Task A_real_node_that_ignores_the_new_option_name_is_sent_the_old_one()
    {
        var block = Batch("dialects", 1)[0];
        Assert.NotEqual(block.Cid.Text, await PutAsync(block, "cid-codec=raw"));
        Assert.Equal(block.Cid.Text, await PutAsync(block, "format=raw&version=1"));
        Assert.Equal(block.Cid.Text, await PutAsync(block, "cid-codec=raw&format=raw&version=1"));
        await Store().PutAsync([block], default);
        await AssertHoldsAsync([block]);
    }

    [Fact]
    public async Task A_real_node_imports_a_CAR_and_returns_its_blocks()
    {
        var (blocks, rpc) = (Batch("export", 20), new KuboRpc(http, node.Url));
        var root = blocks[^1].Cid;
        var cars = new KuboCarStore(rpc, TimeProvider.System);
        await cars.ImportAsync(root, [blocks[0].Cid, blocks[7].Cid], (stream, token) => WriteAsync(stream, root, blocks, token), default);
        await AssertHoldsAsync([blocks[^1]]); // the root is pinned, and through it what it links to
        var location = new NodeLocation(rpc, TimeProvider.System);
        foreach (var block in blocks)
        {
            Assert.Equal(LinkStatus.Ok, (await location.AskAsync(block.Cid, default)).Status);
        }

        Assert.NotEqual(LinkStatus.Ok, (await location.AskAsync(Cid.Of(Cid.Raw, "nobody has it"u8.ToArray()), default)).Status);

        // It does not compare blocks with their CIDs: what it returns under a CID is not what it was given.
        var (altered, other) = (Batch("altered", 2), Encoding.UTF8.GetBytes("something else"));
        await Assert.ThrowsAsync<CarRefusedException>(() => cars.ImportAsync(
            altered[^1].Cid, [altered[0].Cid], (stream, token) => WriteAsync(stream, altered[^1].Cid, [new Block(altered[0].Cid, other), .. altered[1..]], token), default));
    }

    private static async Task WriteAsync(Stream stream, Cid root, IReadOnlyList<Block> blocks, CancellationToken cancellationToken)
    {
        var car = new ArrayBufferWriter<byte>();
        CarWriter.WriteHeader(car, [root]);
        foreach (var block in blocks)
        {
            CarWriter.WriteBlock(car, block);
        }

        await stream.WriteAsync(car.WrittenMemory, cancellationToken);
    }

    private KuboBlockStore Store() =>
        new(new SqliteBlockStore(directory.File("blocks.db")), new KuboRpc(http, node.Url), TimeProvider.System);

    /// <summary>Builds a batch as the archive does: records, and the manifest that links to them.</summary>
    private static List<Block> Batch(string name, int records)
    {
        var blocks = Enumerable.Range(0, records).Select(i => Encoding.UTF8.GetBytes($$"""{"batch": "{{name}}", "i": {{i}}, "text": "Überlast 🚨"}"""))
            .Select(bytes => new Block(Cid.Of(Cid.Raw, bytes), bytes)).ToList();
        var manifest = ArchiveManifest.Write([.. blocks.Select(block => block.Cid)]);
        return [.. blocks, new Block(Cid.Of(Cid.DagCbor, manifest), manifest)];
    }

    private async Task AssertHoldsAsync(IReadOnlyList<Block> blocks)
    {
        foreach (var block in blocks)
        {
            var bytes = await CallAsync($"block/get?arg={block.Cid}&timeout=20s");
            Assert.Equal(block.Cid, Cid.Of(block.Cid.Codec, bytes));
            Assert.Equal(block.Bytes, bytes);
        }

        var pins = JsonElement.Parse(await CallAsync("pin/ls?type=all&cid-base=base32&timeout=20s")).GetProperty("Keys");
        Assert.All(blocks, block => Assert.Equal("recursive", pins.GetProperty(block.Cid.Text).Text("Type")));
    }

    /// <returns>The CID under which the node stored the block; null when it did not accept it.</returns>
    private async Task<string?> PutAsync(Block block, string codec)
    {
        using var part = new ByteArrayContent(block.Bytes);
        part.Headers.ContentType = new("application/octet-stream");
        using var form = new MultipartFormDataContent { { part, "data", "block" } };
        using var answer = await http.PostAsync(new Uri(node.Url, $"api/v0/block/put?{codec}&mhtype=sha2-256&cid-base=base32&timeout=20s"), form);
        return answer.IsSuccessStatusCode ? JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).Text("Key") : null;
    }

    private async Task<byte[]> CallAsync(string call)
    {
        using var answer = await http.PostAsync(new Uri(node.Url, $"api/v0/{call}"), null);
        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{call}: {(int)answer.StatusCode} {Encoding.UTF8.GetString(body)}");
        return body;
    }
}
