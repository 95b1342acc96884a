using CapOrleans.Chain;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Chain;

/// <summary>Three nodes are named, and the first is not what it should be: of another chain, or without what is on ours.</summary>
public sealed class FailOverTests : IAsyncLifetime
{
    private const string Origin = "caporleans/test/0";

    private static readonly IReadOnlyList<Uri> Nodes = [new("http://first/"), new("http://second/"), new("http://third/")];

    private readonly PrivateKey writer = PrivateKey.Create();
    private readonly MemoryTransactions sent = new();
    private readonly FaultyNode first = new();
    private DevChain chain = null!;
    private EthereumAddress deployed;

    public async Task InitializeAsync()
    {
        chain = await DevChain.StartAsync();
        using var http = new HttpClient();
        var contract = new AnchorContract(new JsonRpcClient(http, chain.Url), new ChainOptions(31337, writer, null, IsDevChain: true), TimeProvider.System);
        Assert.True(EthereumAddress.TryParseAnyCase((await contract.AnchoredAsync(Origin, sent, default)).Contract, out deployed)); // makes it
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
    public async Task A_node_that_is_not_what_was_meant_is_left_for_one_that_is(string method, string answer)
    {
        first.Before = (asked, _, _) => asked == method ? FaultyNode.Result(answer) : null;
        using var http = new HttpClient(new ByName(first, chain.Url));
        var contract = new AnchorContract(new JsonRpcClient(http, Nodes), new ChainOptions(31337, writer, deployed, IsDevChain: true), TimeProvider.System);
        Assert.Equal(0, (await contract.AnchoredAsync(Origin, sent, default)).Position);
        await contract.AnchorAsync(new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []), sent, default);
        Assert.Equal(3, (await contract.AnchoredAsync(Origin, sent, default)).Position);
    }

    [Theory]
    [InlineData("eth_estimateGas", "exceeds block gas limit")]
    [InlineData("eth_sendRawTransaction", "oversized data")]
    [InlineData("eth_estimateGas", null)]
    public async Task One_node_alone_makes_nothing_too_large(string method, string? refusal)
    {
        first.Before = (asked, _, _) => asked != method ? null : refusal is null ? FaultyNode.Result("0xffffffff") : FaultyNode.Error(-32000, refusal);
        using var http = new HttpClient(new ByName(first, chain.Url));
        var contract = new AnchorContract(new JsonRpcClient(http, Nodes), new ChainOptions(31337, writer, deployed, IsDevChain: true), TimeProvider.System);
        await contract.AnchorAsync(new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []), sent, default);
        Assert.Equal(3, (await contract.AnchoredAsync(Origin, sent, default)).Position);
    }

    [Theory]
    [InlineData("eth_getTransactionCount", "0x40")]
    [InlineData("eth_estimateGas", "0x9c40")]
    [InlineData("eth_sendRawTransaction", "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("eth_estimateGas", null)]
    public async Task What_one_node_takes_and_passes_on_to_nobody_or_miscounts_or_refuses_is_anchored_by_the_others(string method, string? answer)
    {
        first.Before = (asked, _, _) => asked != method ? null : answer is null ? FaultyNode.Error(3, "execution reverted") : FaultyNode.Result(answer);
        using var http = new HttpClient(new ByName(first, chain.Url));
        var options = new ChainOptions(31337, writer, deployed, IsDevChain: true)
        {
            PollInterval = TimeSpan.FromMilliseconds(20), BumpInterval = TimeSpan.FromMilliseconds(200),
        };
        var contract = new AnchorContract(new JsonRpcClient(http, Nodes), options, TimeProvider.System);
        await contract.AnchorAsync(new AnchorBatch(Origin, 0, 3, new byte[32], 3, [], []), sent, default);
        Assert.Equal(3, (await contract.AnchoredAsync(Origin, sent, default)).Position);
    }

    [Fact]
    public async Task A_node_that_says_nothing_keeps_no_wallet_waiting()
    {
        using var silent = new SilentHandler();
        using var http = new HttpClient(new ByName(silent, chain.Url));
        var wallets = new ContractWallets(new JsonRpcClient(http, Nodes), 31337, TimeProvider.System);
        Assert.Null(await wallets.FindBlockAsync(new WalletClaim(deployed, [1, .. new byte[64]]), new byte[32], "", default)); // asked, and no
    }

    [Fact]
    public async Task When_all_are_on_another_chain_that_is_what_is_told()
    {
        using var http = new HttpClient(new ByName(first, chain.Url));
        var contract = new AnchorContract(new JsonRpcClient(http, Nodes), new ChainOptions(1, writer, deployed, IsDevChain: false), TimeProvider.System);
        var fault = await Assert.ThrowsAsync<ChainMismatchException>(() => contract.AnchoredAsync(Origin, sent, default));
        Assert.Contains("on chain 31337, CHAIN_ID says 1", fault.Message, StringComparison.Ordinal);
    }

    private sealed class SilentHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException("It never answers.");
        }
    }

    /// <summary>All three are the same node in the end; the first is asked through what makes its faults.</summary>
    private sealed class ByName(HttpMessageHandler first, Uri node) : DelegatingHandler(new SocketsHttpHandler())
    {
        private readonly HttpMessageInvoker faulty = new(first, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var isFirst = request.RequestUri!.Host == "first";
            request.RequestUri = node;
            return isFirst ? faulty.SendAsync(request, cancellationToken) : base.SendAsync(request, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            faulty.Dispose();
            base.Dispose(disposing);
        }
    }
}
