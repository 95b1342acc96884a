using System.Net;
using System.Text;
using CapOrleans.Chain;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Chain;

/// <summary>Three nodes are configured, and the first is wrong: on another chain, or without what is on ours.</summary>
public sealed class FailOverTests : IAsyncLifetime
{
    private const string Origin = "caporleans/test/0";

    private static readonly IReadOnlyList<Uri> Nodes = [new("http://first/"), new("http://second/"), new("http://third/")];

    private readonly PrivateKey writer = PrivateKey.Create();
    private readonly InMemorySentTransactions sent = new();
    private readonly FaultyNode first = new();
    private DevChain chain = null!;
    private EthereumAddress deployed;

    public async Task InitializeAsync()
    {
        chain = await DevChain.StartAsync();
        using var http = new HttpClient();
        var contract = new AnchorContract(new JsonRpcClient(http, chain.Url), new ChainOptions(31337, writer, null, IsDevChain: true), TimeProvider.System);
        // Deploys the contract.
        Assert.True(EthereumAddress.TryParseAnyCase((await contract.ReadPositionAsync(Origin, sent, default)).Contract, out deployed));
    }

    public Task DisposeAsync()
    {
        first.Dispose();
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("eth_chainId", "0x1")]
    [InlineData("eth_getCode", "0x")]
    public async Task A_wrong_node_is_skipped_for_a_right_one(string method, string answer)
    {
        first.Before = (asked, _, _) => asked == method ? FaultyNode.Result(answer) : null;
        using var http = new HttpClient(new ByName(first, chain.Url));
        var contract = Contract(http, isDevChain: true);
        Assert.Equal(0, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
        await contract.AnchorAsync(new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []), sent, default);
        Assert.Equal(3, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
    }

    [Theory]
    [InlineData("eth_estimateGas", "exceeds block gas limit")]
    [InlineData("eth_sendRawTransaction", "oversized data")]
    [InlineData("eth_estimateGas", null)]
    public async Task One_node_alone_cannot_declare_a_batch_too_large(string method, string? refusal)
    {
        first.Before = (asked, _, _) => asked != method ? null : refusal is null ? FaultyNode.Result("0xffffffff") : FaultyNode.Error(-32000, refusal);
        using var http = new HttpClient(new ByName(first, chain.Url));
        var contract = Contract(http, isDevChain: true);
        await contract.AnchorAsync(new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []), sent, default);
        Assert.Equal(3, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
    }

    [Theory]
    [InlineData("eth_getTransactionCount", "0x40")]
    [InlineData("eth_estimateGas", "0x9c40")]
    [InlineData("eth_sendRawTransaction", "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("eth_estimateGas", null)]
    public async Task What_one_node_swallows_or_miscounts_or_refuses_is_anchored_by_the_others(string method, string? answer)
    {
        first.Before = (asked, _, _) => asked != method ? null : answer is null ? FaultyNode.Error(3, "execution reverted") : FaultyNode.Result(answer);
        using var http = new HttpClient(new ByName(first, chain.Url));
        var options = new ChainOptions(31337, writer, deployed, IsDevChain: true)
        {
            PollInterval = TimeSpan.FromMilliseconds(20), BumpInterval = TimeSpan.FromMilliseconds(200),
        };
        var contract = new AnchorContract(new JsonRpcClient(http, Nodes), options, TimeProvider.System);
        await contract.AnchorAsync(new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []), sent, default);
        Assert.Equal(3, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
    }

    public static TheoryData<string, string> Nonsense => new()
    {
        { "", """{"\ud800":1,"jsonrpc":"2.0","id":1,"result":"0x1"}""" },
        { "", """{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"the method does not exist/is not available"}}""" },
        { "", """{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted"}}""" },
        { "", """{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"nonce too low"}}""" },
        { "", """{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":[]}}""" },
        { "", """{"jsonrpc":"2.0","id":1,"result":null}""" },
        { "", """{"jsonrpc":"2.0","id":1,"result":"0x"}""" },
        { "", """{"jsonrpc":"2.0","id":1,"result":[{"topics":7}]}""" },
        { "", "<html>captive portal</html>" },
        { "eth_sendRawTransaction", """{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"this gateway reads only"}}""" },
        { "eth_sendRawTransaction", """{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted"}}""" },
        { "eth_getBlockByNumber", """{"jsonrpc":"2.0","id":1,"result":{"number":"0x1","hash":"0x0","timestamp":"0x1","baseFeePerGas":"0x9184e72a0000000"}}""" },
        { "eth_getBlockByNumber", """{"jsonrpc":"2.0","id":1,"result":{"baseFeePerGas":"0xLONG"}}""".Replace("LONG", new string('f', 1_000_000), StringComparison.Ordinal) },
        { "eth_maxPriorityFeePerGas", """{"jsonrpc":"2.0","id":1,"result":"0x9184e72a0000000"}""" },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Whatever_one_node_of_three_answers_the_others_anchor_and_check_wallets(string method, string answer)
    {
        first.Before = (asked, _, _) => method.Length > 0 && asked != method ? null
            : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer, Encoding.UTF8, "application/json") };
        foreach (var place in Enumerable.Range(0, Nodes.Count))
        {
            using var http = new HttpClient(new ByName(first, chain.Url));
            var nodes = new JsonRpcClient(http, [.. Nodes.Skip(Nodes.Count - place).Concat(Nodes.Take(Nodes.Count - place))]);
            var contract = new AnchorContract(nodes, new ChainOptions(31337, writer, deployed, IsDevChain: false), TimeProvider.System);
            await contract.AnchorAsync(new AnchorBatch(Origin, place, place + 1, new byte[32], place + 1, [], []), sent, default);
            Assert.Equal(place + 1, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
            Assert.Null(await new ContractWallets(nodes, 31337, TimeProvider.System).FindBlockAsync(new WalletClaim(deployed, [1, .. new byte[64]]), new byte[32], "", default));
        }
    }

    [Fact]
    public async Task A_node_that_says_nothing_is_waited_for_once()
    {
        using var silent = new SilentHandler();
        using var http = new HttpClient(new ByName(silent, chain.Url));
        var nodes = new JsonRpcClient(http, [Nodes[1], Nodes[0], Nodes[2]]);
        var contract = new AnchorContract(nodes, new ChainOptions(31337, writer, deployed, IsDevChain: false), TimeProvider.System);
        await contract.AnchorAsync([.. Enumerable.Range(0, 8).Select(i => new AnchorBatch(Origin, i, i + 1, new byte[32], i + 1, [], []))], sent, default);
        Assert.Equal(8, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
        Assert.Equal([false, true, false], nodes.Nodes.Select(node => node.IsLate)); // otherwise each of some fifty calls would have waited for it
    }

    [Theory]
    [InlineData("eth_chainId")]
    [InlineData("eth_getCode")]
    public async Task A_node_that_is_slow_for_a_single_node_call_does_not_hold_up_the_others(string method)
    {
        first.Meanwhile = asked => asked == method ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System) : Task.CompletedTask;
        using var http = new HttpClient(new ByName(first, chain.Url));
        var contract = Contract(http);
        var anchoring = contract.AnchorAsync(new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []), sent, default);
        await anchoring.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System); // otherwise it would wait forever
        Assert.Equal(3, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
    }

    [Theory]
    [InlineData("eth_estimateGas", "exceeds block gas limit")]
    [InlineData("eth_sendRawTransaction", "oversized data")]
    public async Task What_others_refuse_for_another_reason_one_node_alone_cannot_declare_too_large(string method, string refusal)
    {
        first.Before = (asked, _, _) => asked == method ? FaultyNode.Error(-32000, refusal) : null;
        using var others = new FaultyNode
        {
            Before = (asked, _, _) => asked == method ? FaultyNode.Error(-32000, "insufficient funds for gas * price + value") : null,
        };
        using var http = new HttpClient(new ByName(first, chain.Url, others));
        var contract = Contract(http);
        var batch = new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []);
        var fault = await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => contract.AnchorAsync(batch, sent, default));
        Assert.IsNotType<BatchTooLargeException>(fault);
        Assert.Contains("insufficient funds", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Between_two_prices_that_are_far_apart_a_slower_third_node_decides()
    {
        first.Before = (asked, _, _) => asked == "eth_maxPriorityFeePerGas" ? FaultyNode.Result("0x7216300c00") : null; // 490 gwei
        using var others = new FaultyNode();
        static Task SlowAsync() => Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        using var http = new HttpClient(new ByName(first, chain.Url, others, SlowAsync));
        var contract = Contract(http);
        var recorded = new Recorded();
        await contract.AnchorAsync(new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []), recorded, default);
        Assert.All(recorded.Tips, tip => Assert.InRange(tip, 0, 100_000_000_000));
        Assert.NotEmpty(recorded.Tips);
    }

    [Fact]
    public async Task Of_two_prices_that_are_far_apart_the_lower_is_paid_when_no_third_answers()
    {
        first.Before = (asked, _, _) => asked == "eth_maxPriorityFeePerGas" ? FaultyNode.Result("0x7216300c00") : null; // 490 gwei
        using var others = new FaultyNode();
        using var http = new HttpClient(new ByName(first, chain.Url, others));
        var two = Nodes.Take(2).ToList();
        var price = await new GasPrices(new JsonRpcClient(http, two), maxFeeGwei: 500).CurrentAsync(default);
        Assert.InRange(price.Tip!.Value, 0, 100_000_000_000);
    }

    [Fact]
    public async Task With_two_gas_estimates_far_apart_and_no_third_nothing_is_sent()
    {
        first.Before = (asked, _, _) => asked == "eth_estimateGas" ? FaultyNode.Result("0xd00000") : null;
        using var http = new HttpClient(new ByName(first, chain.Url));
        var two = new JsonRpcClient(http, [.. Nodes.Take(2)]);
        var contract = new AnchorContract(two, new ChainOptions(31337, writer, deployed, IsDevChain: false), TimeProvider.System);
        var batch = new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []);
        var fault = await Assert.ThrowsAsync<NodesDisagreeException>(() => contract.AnchorAsync(batch, sent, default));
        Assert.Contains("and no third node answers", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_single_answer_of_several_nodes_sets_no_price()
    {
        first.Before = (_, _, _) => null;
        using var others = new FaultyNode { Before = (_, _, _) => new HttpResponseMessage(HttpStatusCode.BadGateway) };
        using var http = new HttpClient(new ByName(first, chain.Url, others));
        var prices = new GasPrices(new JsonRpcClient(http, Nodes), maxFeeGwei: 500);
        await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => prices.CurrentAsync(default));
    }

    [Fact]
    public async Task If_one_node_reports_another_height_a_slower_third_decides()
    {
        first.Before = (asked, _, _) => asked == "eth_blockNumber" ? FaultyNode.Result("0x0") : null;
        using var others = new FaultyNode();
        static Task SlowAsync() => Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System);
        using var http = new HttpClient(new ByName(first, chain.Url, others, SlowAsync));
        await chain.CallAsync("anvil_mine", "0x20");
        Assert.Equal(0, (await Contract(http).ReadPositionAsync(Origin, sent, default)).Position); // at block 0 there is no contract
    }

    [Fact]
    public async Task A_node_s_Retry_After_is_respected_and_affects_no_other_node()
    {
        var time = new FakeTimeProvider();
        first.Before = (_, _, _) => new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { { "Retry-After", "600" } } };
        using var others = new FaultyNode
        {
            Before = (method, _, before) => method == "eth_estimateGas" && before == 0 ? new HttpResponseMessage(HttpStatusCode.BadGateway) : null,
        };
        using var http = new HttpClient(new ByName(first, chain.Url, others));
        var options = new ChainOptions(31337, writer, deployed, IsDevChain: false);
        var contract = new AnchorContract(new JsonRpcClient(http, Nodes, time: time), options, TimeProvider.System);
        AnchorBatch Batch(int i) => new(Origin, i, i + 1, new byte[32], i + 1, [], []);
        await Assert.ThrowsAsync<ChainUnavailableException>(() => contract.AnchorAsync(Batch(0), sent, default)); // a temporary fault of another node
        for (var i = 0; i < 3; i++)
        {
            await contract.AnchorAsync(Batch(i), sent, default);
        }

        Assert.Single(first.Asked);
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(3, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
        Assert.Equal(2, first.Asked.Count);
    }

    [Fact]
    public async Task A_node_that_does_not_answer_delays_no_wallet_check()
    {
        using var silent = new SilentHandler();
        using var http = new HttpClient(new ByName(silent, chain.Url));
        var wallets = new ContractWallets(new JsonRpcClient(http, Nodes), 31337, TimeProvider.System);
        // The wallet was called, and refused.
        Assert.Null(await wallets.FindBlockAsync(new WalletClaim(deployed, [1, .. new byte[64]]), new byte[32], "", default));
    }

    [Fact]
    public async Task If_all_nodes_are_on_another_chain_that_is_reported()
    {
        using var http = new HttpClient(new ByName(first, chain.Url));
        var contract = new AnchorContract(new JsonRpcClient(http, Nodes), new ChainOptions(1, writer, deployed, IsDevChain: false), TimeProvider.System);
        var fault = await Assert.ThrowsAsync<ChainMismatchException>(() => contract.ReadPositionAsync(Origin, sent, default));
        Assert.Contains("on chain 31337, but CHAIN_ID is 1", fault.Message, StringComparison.Ordinal);
    }

    private AnchorContract Contract(HttpClient http, bool isDevChain = false) =>
        new(new JsonRpcClient(http, Nodes), new ChainOptions(31337, writer, deployed, isDevChain), TimeProvider.System);

    private sealed class Recorded : ISentTransactions
    {
        public List<long> Tips { get; } = [];

        public IReadOnlyList<SentTransaction> All { get; private set; } = [];

        public Task StoreAsync(IReadOnlyList<SentTransaction> sent, long gas = 0)
        {
            All = sent;
            Tips.AddRange(sent.Select(transaction => transaction.Tip ?? transaction.Cap));
            return Task.CompletedTask;
        }
    }

    private sealed class SilentHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException("It never answers.");
        }
    }

    /// <summary>
    /// All three names lead to the same node; calls to the first go through a handler that injects its faults.
    /// </summary>
    /// <param name="others">Handler that injects the faults of the others; null for none.</param>
    /// <param name="beforeThird">Awaited before each call to the third.</param>
    private sealed class ByName(HttpMessageHandler first, Uri node, HttpMessageHandler? others = null, Func<Task>? beforeThird = null)
        : DelegatingHandler(others ?? new SocketsHttpHandler())
    {
        private readonly HttpMessageInvoker faulty = new(first, disposeHandler: false);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var host = request.RequestUri!.Host;
            request.RequestUri = node;
            if (host == "third" && beforeThird is not null)
            {
                await beforeThird();
            }

            return await (host == "first" ? faulty.SendAsync(request, cancellationToken) : base.SendAsync(request, cancellationToken));
        }

        protected override void Dispose(bool disposing)
        {
            faulty.Dispose();
            base.Dispose(disposing);
        }
    }
}
