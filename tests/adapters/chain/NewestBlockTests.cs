using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Chain;

/// <summary>Three nodes at different heights, each of which answers from its own blocks.</summary>
public sealed class NewestBlockTests
{
    /// <param name="liar">Height of the node that lies.</param>
    [Theory]
    [InlineData(100, 100, 100, 100)]
    [InlineData(100, 99, 100, 99)] // the liar has another block 100, and an honest node is behind
    [InlineData(100, 99, 99, 99)]
    [InlineData(100, 99, 0, 99)]
    [InlineData(100, 98, 99, 98)]
    [InlineData(100, 100, 900, 100)]
    public async Task A_block_on_which_two_agree_is_found_whatever_a_third_says(long one, long other, long liar, long expected)
    {
        using var http = new HttpClient(new Nodes(one, other, liar));
        var rpc = new JsonRpcClient(http, Urls);
        var found = await new Agreement(rpc).AtNewestAsync(async height => (height, await FindAsync(rpc, height)), default);
        Assert.Equal((expected, Nodes.Hash(expected, isTrue: true)), found);
    }

    [Fact]
    public async Task If_no_two_agree_on_any_block_there_is_no_newest_one()
    {
        using var http = new HttpClient(new Nodes(100, 0, 100));
        var rpc = new JsonRpcClient(http, Urls.Skip(1).ToList());
        var agreement = new Agreement(rpc);
        await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => agreement.AtNewestAsync(height => FindAsync(rpc, height), default));
    }

    /// <summary>
    /// A node that is behind does not have the block yet, so another that agrees with it proves nothing.
    /// </summary>
    [Fact]
    public async Task Something_is_missing_only_if_all_nodes_report_so()
    {
        using var http = new HttpClient(new Nodes(100, 99, 99));
        var receipts = new Receipts(new JsonRpcClient(http, Urls));
        await Assert.ThrowsAsync<NodesDisagreeException>(() => receipts.FindBlockAsync(100, default));
        Assert.Null(await receipts.FindBlockAsync(101, default));
    }

    private static async Task<string> FindAsync(JsonRpcClient rpc, long height) =>
        (await new Receipts(rpc).FindBlockAsync(height, default) ?? throw new ChainUnavailableException("none")).Hash;

    private static List<Uri> Urls { get; } = [.. Enumerable.Range(0, 3).Select(node => new Uri($"http://127.0.0.1:{node + 1}/"))];

    /// <param name="heights">Height of each node; the last one's blocks are made up.</param>
    private sealed class Nodes(params long[] heights) : HttpMessageHandler
    {
        public static string Hash(long block, bool isTrue) => $"0x{block:x63}{(isTrue ? 'a' : 'b')}";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var node = request.RequestUri!.Port - 1;
            var call = JsonElement.Parse(await request.Content!.ReadAsByteArrayAsync(cancellationToken));
            if (call.Text("method") == "eth_blockNumber")
            {
                return FaultyNode.Result(JsonRpcClient.Hex(heights[node]));
            }

            var block = Convert.ToInt64(call.GetProperty("params")[0].GetString(), 16);
            var known = new JsonObject { ["hash"] = Hash(block, isTrue: node < 2), ["timestamp"] = "0x1" };
            return FaultyNode.Result(block > heights[node] ? null : known);
        }
    }
}
