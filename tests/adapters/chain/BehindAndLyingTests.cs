using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using CapOrleans.Chain;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Chain;

/// <summary>
/// Three nodes of one real chain: an honest one, one that is blocks behind, and one that lies, which decides nothing.
/// </summary>
public sealed class BehindAndLyingTests : IAsyncLifetime
{
    private const string Name = "behind/0";
    private const long Behind = 3;

    private readonly PrivateKey writer = PrivateKey.Create();
    private readonly Nodes nodes = new();
    private HttpClient http = null!;
    private DevChain chain = null!;
    private AnchorContract contract = null!;
    private JsonRpcClient rpc = null!;
    private AnchorConfirmation anchored = null!;

    public async Task InitializeAsync()
    {
        chain = await DevChain.StartAsync();
        nodes.Truth = chain.Url;
        http = new HttpClient(nodes);
        var honest = new AnchorContract(new JsonRpcClient(http, chain.Url), Options(), TimeProvider.System);
        await honest.ReadPositionAsync(Name, new InMemorySentTransactions(), default); // deploys the contract
        await chain.CallAsync("anvil_mine", $"0x{Behind + 2:x}");
        anchored = await honest.AnchorAsync(new AnchorBatch(Name, 0, 3, new byte[32], 3, [], []), new InMemorySentTransactions(), default);
        rpc = new JsonRpcClient(http, [chain.Url, new Uri("http://behind.invalid/"), new Uri("http://liar.invalid/")]);
        contract = new AnchorContract(rpc, Options(), TimeProvider.System);
    }

    public Task DisposeAsync()
    {
        http.Dispose();
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task The_liar_s_answer_about_the_contract_blocks_no_one()
    {
        nodes.Lies = method => method == "eth_call" ? "0x" : null;
        // At the block on which two agree there is no anchor yet.
        Assert.Equal(0, (await contract.ReadPositionAsync(Name, new InMemorySentTransactions(), default)).Position);
        await chain.CallAsync("anvil_mine", $"0x{Behind:x}");
        Assert.Equal(3, (await contract.ReadPositionAsync(Name, new InMemorySentTransactions(), default)).Position);
    }

    [Fact]
    public async Task The_liar_s_answer_about_a_wallet_blocks_no_signature_check()
    {
        nodes.Lies = method => method == "eth_call" ? $"0x1626ba7e{new string('0', 56)}" : null;
        await chain.CallAsync("anvil_mine", $"0x{Behind:x}");
        Assert.True(EthereumAddress.TryParse(anchored.Contract, out var wallet));
        var wallets = new ContractWallets(rpc, 31337, TimeProvider.System);
        Assert.Null(await wallets.FindBlockAsync(new WalletClaim(wallet, new byte[65]), new byte[32], "", default));
    }

    [Theory]
    [InlineData("eth_call")]
    [InlineData("eth_getBlockByNumber")]
    public async Task What_the_liar_does_not_answer_is_queried_at_a_lower_block_in_time(string silent)
    {
        nodes.Lies = method => method == silent ? Nodes.Silence : null;
        Assert.True(EthereumAddress.TryParse(anchored.Contract, out var wallet));
        var wallets = new ContractWallets(rpc, 31337, TimeProvider.System);
        for (var i = 0; i < 3; i++)
        {
            await chain.CallAsync("anvil_mine", $"0x{Behind:x}");
            Assert.Null(await wallets.FindBlockAsync(new WalletClaim(wallet, new byte[65]), [.. new byte[31], (byte)i], "",
                default)); // a no, not a timeout
        }
    }

    [Fact]
    public async Task What_only_the_slow_node_knows_is_waited_for_and_not_taken_as_missing()
    {
        // The honest node is slow to answer about receipts; the one behind and the liar report that there is none.
        nodes.Lies = method => method is "eth_getTransactionReceipt" ? "null" : null;
        nodes.Slow = method => method is "eth_getTransactionReceipt" ? TimeSpan.FromSeconds(1.3) : TimeSpan.Zero;
        var agreement = new Agreement(rpc);
        await Assert.ThrowsAsync<NodesDisagreeException>(() => agreement.FindAsync(
            node => node.CallAsync("eth_getTransactionReceipt", receipt => receipt.ValueKind == System.Text.Json.JsonValueKind.Null
                ? null : receipt.GetRawText(), default, anchored.Transaction), "a receipt", 0, default));
    }

    [Fact]
    public async Task What_a_failing_node_may_know_is_not_missing_until_the_others_have_caught_up()
    {
        // The honest node fails for receipts (a rate limit); the one behind and the liar report that there is none.
        nodes.Lies = method => method is "eth_getTransactionReceipt" ? "null" : null;
        nodes.Fails = method => method is "eth_getTransactionReceipt";
        await Assert.ThrowsAsync<NodesDisagreeException>(() => FindAsync(anchored.Transaction, anchored.Block));
        // Nor when it fails for the block number too, and the liar reports a chain of one block.
        nodes.Lies = method => method is "eth_getTransactionReceipt" ? "null" : method is "eth_blockNumber" ? "0x1" : null;
        nodes.Fails = method => method is "eth_blockNumber" or "eth_getTransactionReceipt";
        await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => FindAsync(anchored.Transaction, anchored.Block));
        // When something is in no block, the two nodes that can know agree, and the one that fails delays no one.
        nodes.Lies = _ => null;
        nodes.Fails = _ => true;
        Assert.Null(await FindAsync($"0x{new string('7', 64)}"));

        Task<string?> FindAsync(string hash, long atLeast = 0) => new Agreement(rpc).FindAsync(
            node => node.CallAsync("eth_getTransactionReceipt", receipt => receipt.ValueKind == System.Text.Json.JsonValueKind.Null
                ? null : receipt.GetRawText(), default, hash), "a receipt", atLeast, default);
    }

    [Fact]
    public async Task What_the_liar_and_the_lagging_node_do_not_know_is_not_missing()
    {
        nodes.Lies = method => method is "eth_getTransactionReceipt" ? "null" : method == "eth_getLogs" ? "[]" : null;
        var (sent, blocks) = (new InMemorySentTransactions(), new BlockRange(0, anchored.Block));
        await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => contract.FindAsync(Name, 0, blocks, sent, default));
        Assert.NotEqual(AnchorDepth.Reorganised, (await contract.ReadStatusAsync(anchored.Block, anchored.BlockHash, default)).Depth);
        await chain.CallAsync("anvil_mine", $"0x{Behind:x}");
        Assert.Equal(anchored.Transaction, (await contract.FindAsync(Name, 0, blocks, sent, default))!.Transaction);
    }

    private ChainOptions Options() => new(31337, writer, null, IsDevChain: true)
    {
        PollInterval = TimeSpan.FromMilliseconds(20), WaitTimeout = TimeSpan.FromSeconds(5),
    };

    private sealed class Nodes() : DelegatingHandler(new SocketsHttpHandler())
    {
        public Uri Truth { get; set; } = null!;

        /// <summary>Delay of the honest node, by method.</summary>
        public Func<string, TimeSpan> Slow { get; set; } = _ => TimeSpan.Zero;

        /// <summary>Methods that the honest node answers with 429.</summary>
        public Func<string, bool> Fails { get; set; } = _ => false;

        public const string Silence = "says nothing";

        /// <summary>The liar's answers by method, as JSON or text; null for the truth.</summary>
        public Func<string, string?> Lies { get; set; } = _ => null;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var host = request.RequestUri!.Host;
            var body = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!.AsObject();
            var method = (string)body["method"]!;
            if (host == "liar.invalid" && Lies(method) is { } lie)
            {
                if (lie == Silence)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                }

                return FaultyNode.Result(lie is "null" ? null : lie is "[]" ? new JsonArray() : JsonValue.Create(lie));
            }

            if (host == Truth.Host)
            {
                if (Fails(method))
                {
                    return new HttpResponseMessage(HttpStatusCode.TooManyRequests);
                }

                await Task.Delay(Slow(method), TimeProvider.System, cancellationToken);
            }

            var truth = await AskAsync(method, body["params"]!.AsArray(), cancellationToken);
            if (host != "behind.invalid")
            {
                return Answer(truth);
            }

            var height = Convert.ToInt64((string)(await AskAsync("eth_blockNumber", [], cancellationToken))["result"]!, 16) - Behind;
            return method switch
            {
                "eth_blockNumber" => FaultyNode.Result(JsonRpcClient.Hex(height)),
                "eth_getTransactionReceipt" or "eth_getBlockByNumber" when Number(truth["result"]) > height => FaultyNode.Result(null),
                "eth_getLogs" => FaultyNode.Result(new JsonArray(
                    [.. truth["result"]!.AsArray().Where(log => Number(log) <= height).Select(log => log!.DeepClone())])),
                "eth_call" when await IsAboveAsync(body["params"]![1]!, height, cancellationToken) =>
                    FaultyNode.Error(-32000, "header not found"),
                _ => Answer(truth),
            };
        }

        private async Task<bool> IsAboveAsync(JsonNode block, long height, CancellationToken cancellationToken) =>
            block is JsonValue number ? Convert.ToInt64((string)number!, 16) > height
            : Number((await AskAsync("eth_getBlockByHash", [block["blockHash"]!.DeepClone(), false], cancellationToken))["result"]) > height;

        private async Task<JsonObject> AskAsync(string method, JsonArray parameters, CancellationToken cancellationToken)
        {
            var call = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = parameters.DeepClone() };
            using var content = new StringContent(call.ToJsonString(), Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, Truth) { Content = content };
            using var answer = await base.SendAsync(request, cancellationToken);
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!.AsObject();
        }

        private static long Number(JsonNode? found) =>
            (string?)(found?["blockNumber"] ?? found?["number"]) is { } number ? Convert.ToInt64(number, 16) : 0;

        private static HttpResponseMessage Answer(JsonObject answer) =>
            new(HttpStatusCode.OK) { Content = new StringContent(answer.ToJsonString(), Encoding.UTF8, "application/json") };
    }
}
