using System.Text;
using CapOrleans.Archive;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;

namespace CapOrleans.Tests.Archive;

/// <summary>Whether an IPFS node still has a block, according to Kubo's answers to <c>block/get</c>.</summary>
public sealed class NodeLocationTests
{
    private const string Content = "{\"a\": 1}";

    private static readonly Cid Wanted = Cid.Of(Cid.Raw, Encoding.UTF8.GetBytes(Content));

    [Theory]
    [InlineData(200, Content, LinkStatus.Ok)]
    [InlineData(200, "another", LinkStatus.Wrong)]
    [InlineData(500, """{"Message":"block was not found locally (offline): ipld: could not find bafk","Code":0,"Type":"error"}""", LinkStatus.Missing)]
    [InlineData(500, """{"Message":"context deadline exceeded","Code":0,"Type":"error"}""", LinkStatus.Unknown)]
    [InlineData(500, "could not find", LinkStatus.Unknown)]
    [InlineData(404, "404 page not found", LinkStatus.Unknown)]
    [InlineData(401, "", LinkStatus.Unknown)]
    public async Task A_node_has_a_block_when_it_gives_it_and_lacks_it_when_it_says_so(int status, string body, LinkStatus expected)
    {
        await using var node = await AnyServer.StartAsync();
        var query = "";
        node.Respond = request =>
        {
            query = $"{request.QueryString}";
            return (status, "application/json", body);
        };
        using var http = new HttpClient();
        var answer = await new NodeLocation(new KuboRpc(http, new Uri($"http://127.0.0.1:{node.Port}/kubo")), TimeProvider.System).AskAsync(Wanted, default);
        Assert.Equal((expected, status), (answer.Status, answer.Code));
        Assert.Equal("POST /kubo/api/v0/block/get", Assert.Single(node.Calls).Call);
        Assert.Equal($"?arg={Wanted}&offline=true&timeout=9s", query);
    }
}
