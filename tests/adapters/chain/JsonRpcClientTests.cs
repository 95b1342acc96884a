using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Chain;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Chain;

public sealed class JsonRpcClientTests
{
    private static readonly Uri First = new("http://127.0.0.1:1/v3/key"), Second = new("http://127.0.0.1:2/");

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "answers with status 401")]
    [InlineData(HttpStatusCode.TooManyRequests, "answers with status 429")]
    [InlineData(HttpStatusCode.OK, "returned text/html that is not JSON-RPC")]
    public async Task An_answer_that_is_not_JSON_RPC_is_reported_with_its_status_and_without_the_key(HttpStatusCode status, string expected)
    {
        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() => AskAsync(_ => new HttpResponseMessage(status)
        {
            Content = new StringContent("<html>key</html>", Encoding.UTF8, "text/html"),
            Headers = { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7)) },
        }));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("key", fault.Message, StringComparison.Ordinal);
        Assert.Equal(status == HttpStatusCode.OK ? null : TimeSpan.FromSeconds(7), fault.RetryAfter);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("0xzz00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0x000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("\u001b[2J0000000000000000000000000000000000000000000000000000000000000")]
    public void An_invalid_hash_from_a_node_is_not_used(string hash)
    {
        Assert.Throws<FormatException>(() => JsonRpcClient.Hash(JsonElement.Parse(JsonSerializer.Serialize(hash))));
        Assert.Throws<FormatException>(() => JsonRpcClient.Hash(JsonElement.Parse($"\"0x{new string('0', 8_000_000)}\"")));
    }

    [Fact]
    public async Task An_error_counts_whatever_its_HTTP_status_is_and_its_message_is_cut()
    {
        var fault = await Assert.ThrowsAsync<RpcErrorException>(() => AskAsync(_ => new HttpResponseMessage(HttpStatusCode.BadRequest)
        {
            Content = new StringContent("""{"error":{"code":-32000,"message":"LONG"}}""".Replace("LONG", new string('x', 100_000), StringComparison.Ordinal)),
        }));
        Assert.InRange(fault.Message.Length, 200, 300);
    }

    [Fact]
    public async Task Credentials_and_the_path_of_a_URL_are_sent()
    {
        HttpRequestMessage? seen = null;
        await AskAsync(
            request =>
            {
                seen = request;
                return FaultyNode.Result("0x1");
            },
            new Uri("http://user:pass%20word@127.0.0.1:1/v3/key?a=b"));
        Assert.Equal("/v3/key?a=b", seen!.RequestUri!.PathAndQuery);
        Assert.Equal("user:pass word", Encoding.UTF8.GetString(Convert.FromBase64String(seen.Headers.Authorization!.Parameter!)));
    }

    [Fact]
    public async Task When_a_node_does_not_answer_the_next_one_is_asked_and_kept()
    {
        var asked = new List<int>();
        using var http = new HttpClient(new Handler(request =>
        {
            asked.Add(request.RequestUri!.Port);
            return request.RequestUri.Port == 1 ? throw new HttpRequestException("refused") : FaultyNode.Result("0x1");
        }));
        var rpc = new JsonRpcClient(http, [First, Second]);
        await rpc.NumberAsync("eth_blockNumber", default);
        await rpc.NumberAsync("eth_blockNumber", default);
        Assert.Equal([1, 2, 2], asked);
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, -32005, "daily request count exceeded", true)]
    [InlineData(HttpStatusCode.TooManyRequests, -32005, "request rate limited", true)]
    [InlineData(HttpStatusCode.OK, -32603, "internal error", true)]
    [InlineData(HttpStatusCode.OK, 3, "execution reverted", false)]
    public async Task After_a_refusal_the_next_node_is_tried_and_after_a_node_fault_it_is_kept(HttpStatusCode status, int code, string message, bool isLeft)
    {
        var asked = new List<int>();
        using var http = new HttpClient(new Handler(request =>
        {
            asked.Add(request.RequestUri!.Port);
            if (request.RequestUri.Port != 1)
            {
                return FaultyNode.Result("0x1");
            }

            var refusal = FaultyNode.Error(code, message);
            refusal.StatusCode = status;
            return refusal;
        }));
        var rpc = new JsonRpcClient(http, [First, Second]);
        Assert.Equal(1, await rpc.NumberAsync("eth_chainId", default));
        Assert.Equal(1, await rpc.NumberAsync("eth_chainId", default));
        Assert.Equal(isLeft ? [1, 2, 2] : [1, 2, 1, 2], asked);
    }

    [Fact]
    public async Task A_node_that_is_rate_limited_without_a_time_is_left_alone_for_a_second()
    {
        var (asked, time) = (0, new FakeTimeProvider());
        using var http = new HttpClient(new Handler(_ =>
            ++asked == 1 ? new HttpResponseMessage(HttpStatusCode.TooManyRequests) : FaultyNode.Result("0x1")));
        var rpc = new JsonRpcClient(http, [First], time: time);
        Task<ChainUnavailableException> RefusedAsync() =>
            Assert.ThrowsAnyAsync<ChainUnavailableException>(() => rpc.NumberAsync("eth_chainId", default));
        Assert.Equal(TimeSpan.FromSeconds(1), (await RefusedAsync()).RetryAfter);
        time.Advance(TimeSpan.FromMilliseconds(999));
        await RefusedAsync();
        Assert.Equal(1, asked);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await rpc.NumberAsync("eth_chainId", default));
    }

    [Theory]
    [InlineData("execution reverted", "unavailable", "execution reverted")]
    [InlineData("header not found", "execution reverted", "execution reverted")]
    [InlineData("execution reverted", "exceeds block gas limit", "exceeds block gas limit")]
    public async Task When_all_refuse_the_error_that_the_caller_can_act_on_is_reported(string first, string second, string expected)
    {
        using var http = new HttpClient(new Handler(request => FaultyNode.Error(-32000, request.RequestUri!.Port == 1 ? first : second)));
        var fault = await Assert.ThrowsAsync<RpcErrorException>(() => new JsonRpcClient(http, [First, Second]).NumberAsync("eth_estimateGas", default));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receipt_counts_when_two_nodes_have_the_same()
    {
        const string Hash = "0x1111111111111111111111111111111111111111111111111111111111111111";
        JsonObject? Receipt(int port, string block) => new()
        {
            ["transactionHash"] = Hash, ["blockNumber"] = "0x2", ["blockHash"] = $"{Hash[..^2]}{block[2..]}", ["status"] = "0x1", ["gasUsed"] = "0x1", ["logs"] = new JsonArray(),
        };
        foreach (var (first, second, isThere) in ((string?, string?, bool)[])[("0xaa", null, false), ("0xaa", "0xbb", false), ("0xaa", "0xaa", true)])
        {
            using var http = new HttpClient(new Handler(request =>
                FaultyNode.Result((request.RequestUri!.Port == 1 ? first : second) is { } block ? Receipt(0, block) : null)));
            Assert.Equal(isThere, await new Receipts(new JsonRpcClient(http, [First, Second])).FindAsync(Hash, default) is not null);
        }
    }

    [Theory]
    [InlineData(9, null, AnchorDepth.Included)] // it is behind, which proves nothing about the block
    [InlineData(10, null, AnchorDepth.Included)] // no chain has a height without its block
    [InlineData(10, 'b', AnchorDepth.Reorganised)]
    [InlineData(20, 'a', AnchorDepth.Included)]
    [InlineData(21, 'a', AnchorDepth.Final)]
    public async Task A_block_is_gone_only_if_the_node_has_reached_its_height(long newest, char? hash, AnchorDepth depth)
    {
        static string Hash(char digit) => $"0x{new string(digit, 64)}";
        using var http = new HttpClient(new Handler((_, asked) => asked.Contains("eth_blockNumber", StringComparison.Ordinal)
            ? FaultyNode.Result($"0x{newest:x}")
            : FaultyNode.Result(hash is { } digit ? new JsonObject { ["hash"] = Hash(digit), ["timestamp"] = "0x1" } : null)));
        var contract = new AnchorContract(
            new JsonRpcClient(http, [First]), new ChainOptions(1, PrivateKey.Create(), null, IsDevChain: false), TimeProvider.System);
        var anchored = new AnchorConfirmation(1, "", Hash('c'), 10, 0, 1, [], 1, Hash('a'), 0);
        Assert.Equal(depth, (await contract.ReadStatusAsync(anchored.Block, anchored.BlockHash, default)).Depth);
    }

    [Theory]
    [InlineData("already known", RpcRefusal.AlreadyKnown)] // Geth, Reth
    [InlineData("AlreadyKnown", RpcRefusal.AlreadyKnown)] // Nethermind
    [InlineData("Known transaction", RpcRefusal.AlreadyKnown)] // Besu
    [InlineData("transaction already imported", RpcRefusal.AlreadyKnown)] // anvil
    [InlineData("existing tx with same hash", RpcRefusal.AlreadyKnown)] // Erigon
    [InlineData("nonce too low: next nonce 5, tx nonce 4", RpcRefusal.NonceTooLow)]
    [InlineData("OldNonce, Current nonce: 5, nonce of rejected tx: 4", RpcRefusal.NonceTooLow)]
    [InlineData("replacement transaction underpriced", RpcRefusal.Underpriced)]
    [InlineData("ReplacementNotAllowed", RpcRefusal.Underpriced)]
    [InlineData("FeeTooLow, MaxFeePerGas too low", RpcRefusal.Underpriced)]
    [InlineData("Gas price below configured minimum gas price", RpcRefusal.Underpriced)]
    [InlineData("max fee per gas less than block base fee", RpcRefusal.Underpriced)]
    [InlineData("exceeds block gas limit", RpcRefusal.TooLarge)]
    [InlineData("transaction gas limit too high (cap: 16777216, tx: 20000000)", RpcRefusal.TooLarge)]
    [InlineData("Transaction gas limit exceeds block gas limit", RpcRefusal.TooLarge)]
    [InlineData("oversized data: transaction size 140000, limit 131072", RpcRefusal.TooLarge)]
    [InlineData("execution reverted", RpcRefusal.Reverted)]
    [InlineData("the method eth_feeHistory does not exist/is not available", RpcRefusal.NoSuchMethod)]
    [InlineData("insufficient funds for gas * price + value", RpcRefusal.Other)]
    public void Refusals_of_every_node_implementation_are_recognised(string message, RpcRefusal meaning) =>
        Assert.Equal(meaning, new RpcErrorException("eth_sendRawTransaction", -32000, message, null).Refusal);

    [Theory]
    [InlineData("""{"data":null}""")]
    [InlineData("""{"data":7}""")]
    [InlineData("""{"data":["0x"]}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task Any_fault_while_reading_an_answer_is_the_node_s_fault(string answer)
    {
        using var http = new HttpClient(new Handler(_ => FaultyNode.Result(JsonNode.Parse(answer))));
        await Assert.ThrowsAsync<ChainUnavailableException>(() => new JsonRpcClient(http, First).CallAsync(
            "eth_getLogs", logs => logs.GetProperty("data").GetString()!.Length, default));
    }

    [Fact]
    public async Task A_node_that_echoes_the_key_in_its_URL_does_not_leak_it()
    {
        var url = new Uri("http://first.example/v2/0123456789abcdef?token=fedcba9876543210");
        var fault = await Assert.ThrowsAsync<RpcErrorException>(() => AskAsync(
            request => FaultyNode.Error(-32000, $"over quota: {request.RequestUri}"), url));
        Assert.DoesNotContain("0123456789abcdef", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("fedcba9876543210", fault.Message, StringComparison.Ordinal);
        Assert.Contains("over quota", fault.Message, StringComparison.Ordinal);
    }

    private static async Task AskAsync(Func<HttpRequestMessage, HttpResponseMessage> answer, Uri? url = null)
    {
        using var http = new HttpClient(new Handler(answer));
        await new JsonRpcClient(http, url ?? First).NumberAsync("eth_blockNumber", default);
    }

    private sealed class Handler(Func<HttpRequestMessage, string, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public Handler(Func<HttpRequestMessage, HttpResponseMessage> answer) : this((request, _) => answer(request))
        {
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answer(request, await request.Content!.ReadAsStringAsync(cancellationToken));
    }
}
