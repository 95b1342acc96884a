using System.IO.Pipelines;
using System.Text;
using CapOrleans.Api.Reads;
using CapOrleans.Core.Archive;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace CapOrleans.Tests.Api.Reads;

public sealed class CarResultTests
{
    private readonly Dictionary<string, Block> store = [];
    private int asked;

    [Fact]
    public async Task Blocks_come_depth_first_and_once()
    {
        var (a, b, c) = (Leaf("a"), Leaf("b"), Leaf("c"));
        var inner = Node(b, c);
        var root = Node(a, inner, b, a);
        var (car, broken) = await SendAsync(root, new GatewayRequest(GatewayForm.Car, WithLinks: true));
        Assert.Equal([root.Cid, a.Cid, inner.Cid, b.Cid, c.Cid], GatewayTests.ReadCar(car).Blocks.Select(block => block.Cid));
        Assert.False(broken);
        (car, broken) = await SendAsync(root, new GatewayRequest(GatewayForm.Car, WithLinks: true, WithDuplicates: true));
        Assert.Equal([root.Cid, a.Cid, inner.Cid, b.Cid, c.Cid, b.Cid, a.Cid], GatewayTests.ReadCar(car).Blocks.Select(block => block.Cid));
        Assert.False(broken);
    }

    [Fact]
    public async Task A_missing_block_aborts_the_answer_so_that_it_is_not_taken_as_complete()
    {
        var (a, b) = (Leaf("a"), Leaf("b"));
        var root = Node(a, b);
        store.Remove(b.Cid.Text);
        var (car, broken) = await SendAsync(root, new GatewayRequest(GatewayForm.Car, WithLinks: true));
        Assert.Equal([root.Cid, a.Cid], GatewayTests.ReadCar(car).Blocks.Select(block => block.Cid));
        Assert.True(broken);
    }

    [Fact]
    public async Task A_root_whose_links_cannot_be_read_breaks_the_answer()
    {
        byte[] bytes = [0xFF];
        Assert.True((await SendAsync(new Block(Cid.Of(Cid.DagCbor, bytes), bytes), new GatewayRequest(GatewayForm.Car, WithLinks: true))).Broken);
    }

    [Fact]
    public async Task An_answer_is_bounded_whatever_the_root_links_to()
    {
        var leaf = Leaf("a");
        var (first, second) = (Node([.. Enumerable.Repeat(leaf, 500)]), new List<Block>());
        second.AddRange(Enumerable.Repeat(first, 500));
        var (car, broken) = await SendAsync(Node([.. second]), new GatewayRequest(GatewayForm.Car, WithLinks: true, WithDuplicates: true));
        Assert.True(broken);
        Assert.Equal(CarResult.MaxBlocks, GatewayTests.ReadCar(car).Blocks.Count);
    }

    /// <summary>500 records of 64 KiB: each is read only once the one before it was taken.</summary>
    [Fact]
    public async Task A_slow_reader_holds_one_block_in_memory_and_not_the_batch()
    {
        var root = Node([.. Enumerable.Range(0, 500).Select(i => Leaf(new string('x', 65_000) + i))]);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 100_000, resumeWriterThreshold: 50_000, useSynchronizationContext: false));
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(pipe.Writer.AsStream()));
        var sent = Result(root, new GatewayRequest(GatewayForm.Car, WithLinks: true)).ExecuteAsync(context);
        Assert.False(sent.IsCompleted);
        Assert.InRange(asked, 1, 2);

        var (read, most) = (0, 0);
        _ = sent.ContinueWith(_ => pipe.Writer.Complete(), TaskScheduler.Default);
        for (var isEnd = false; !isEnd;)
        {
            var seen = await pipe.Reader.ReadAsync();
            isEnd = seen.IsCompleted;
            read += (int)seen.Buffer.Length;
            pipe.Reader.AdvanceTo(seen.Buffer.End);
            most = Math.Max(most, (asked * 65_000) - read);
        }

        await sent;
        Assert.Equal(500, asked);
        Assert.InRange(most, 0, 400_000);
    }

    private async Task<(byte[] Car, bool Broken)> SendAsync(Block root, GatewayRequest wanted)
    {
        using var body = new MemoryStream();
        var context = new DefaultHttpContext();
        var life = new Life();
        context.Features.Set<IHttpRequestLifetimeFeature>(life);
        context.Response.Body = body;
        await Result(root, wanted).ExecuteAsync(context);
        return (body.ToArray(), life.IsBroken);
    }

    private CarResult Result(Block root, GatewayRequest wanted) => new(
        root, wanted,
        cid =>
        {
            asked++;
            return Task.FromResult(store.GetValueOrDefault(cid.Text)?.Bytes);
        },
        NullLogger<CarResult>.Instance);

    private Block Leaf(string text) => Keep(Cid.Raw, Encoding.UTF8.GetBytes(text));

    private Block Node(params Block[] links) => Keep(Cid.DagCbor, ArchiveManifest.Write([.. links.Select(link => link.Cid)]));

    private Block Keep(byte codec, byte[] bytes) => store[Cid.Of(codec, bytes).Text] = new Block(Cid.Of(codec, bytes), bytes);

    private sealed class Life : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public bool IsBroken { get; private set; }

        public void Abort() => IsBroken = true;
    }
}
