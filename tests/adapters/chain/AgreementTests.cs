using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using CapOrleans.Chain;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Chain;

/// <summary>Two nodes of one real chain, one of which lies: on its own it cannot make anything up.</summary>
public sealed class AgreementTests : IAsyncLifetime
{
    private const string Name = "caporleans/test/0";

    private static readonly BlockRange AllBlocks = new(0, 1_000);

    private readonly PrivateKey writer = PrivateKey.Create();
    private readonly Liar liar = new();
    private HttpClient http = null!;
    private DevChain chain = null!;
    private AnchorContract contract = null!;
    private AnchorConfirmation anchored = null!;
    private string receipt = "";

    public async Task InitializeAsync()
    {
        chain = await DevChain.StartAsync();
        liar.Truth = chain.Url;
        http = new HttpClient(liar);
        var honest = new AnchorContract(new JsonRpcClient(http, chain.Url), Options(), TimeProvider.System);
        await honest.ReadPositionAsync(Name, new InMemorySentTransactions(), default); // deploys the contract
        anchored = await honest.AnchorAsync(new AnchorBatch(Name, 0, 3, new byte[32], 3, [], []), new InMemorySentTransactions(), default);
        contract = new AnchorContract(new JsonRpcClient(http, [new Uri("http://liar.invalid/"), chain.Url]), Options(), TimeProvider.System);
    }

    public Task DisposeAsync()
    {
        http.Dispose();
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Two_nodes_that_agree_are_trusted()
    {
        Assert.Equal(3, (await contract.ReadPositionAsync(Name, new InMemorySentTransactions(), default)).Position);
        Assert.Equal(anchored.Transaction, (await contract.FindAsync(Name, 0, AllBlocks, new InMemorySentTransactions(),
            default))!.Transaction);
        Assert.Equal(AnchorDepth.Final, (await contract.ReadStatusAsync(anchored.Block, anchored.BlockHash, default)).Depth);
    }

    [Fact]
    public async Task Another_spelling_of_the_same_answer_is_the_same_answer()
    {
        liar.Lies = (method, truth) =>
        {
            foreach (var log in method == "eth_getTransactionReceipt" ? truth!["logs"]!.AsArray() : [])
            {
                log!["topics"] = new JsonArray([.. log["topics"]!.AsArray().Select(topic => JsonValue.Create($"0x{((string)topic!)[2..].ToUpperInvariant()}"))]);
            }

            return method == "eth_getTransactionReceipt" ? truth!.DeepClone() : null;
        };
        foreach (var order in new Uri[][] { [new("http://liar.invalid/"), chain.Url], [chain.Url, new("http://liar.invalid/")] })
        {
            var asked = new AnchorContract(new JsonRpcClient(http, order), Options(), TimeProvider.System);
            var found = await asked.FindAsync(Name, 0, AllBlocks, new InMemorySentTransactions(), default);
            Assert.Equal(anchored with { Root = [] }, found! with { Root = [] });
            Assert.Equal(anchored.Root, found.Root);
        }
    }

    [Fact]
    public async Task One_node_alone_cannot_deny_an_event()
    {
        liar.Lies = (method, _) => method == "eth_blockNumber" ? "0x0" : method == "eth_getLogs" ? new JsonArray() : null;
        Assert.Equal(anchored.Transaction, (await contract.FindAsync(Name, 0, AllBlocks, new InMemorySentTransactions(),
            default))!.Transaction);
        liar.Withholds = "eth_getTransactionReceipt";
        await Assert.ThrowsAsync<NodesDisagreeException>(() => contract.FindAsync(Name, 0, AllBlocks,
            new InMemorySentTransactions(), default));
    }

    [Fact]
    public async Task One_node_alone_cannot_move_the_contract_s_position()
    {
        liar.Lies = (method, _) => method == "eth_call" ? $"0x{9:x64}" : null;
        await Assert.ThrowsAsync<NodesDisagreeException>(() => contract.ReadPositionAsync(Name, new InMemorySentTransactions(), default));
    }

    [Fact]
    public async Task One_node_alone_cannot_invent_an_event()
    {
        var made = $"0x{new string('c', 64)}";
        liar.Lies = (method, truth) =>
        {
            if (method == "eth_getTransactionReceipt")
            {
                return truth is null ? Forge(JsonNode.Parse(receipt)!, made) : null;
            }

            return method == "eth_getLogs" ? new JsonArray(Forge(JsonNode.Parse(receipt)!["logs"]![0]!, made)) : null;
        };
        receipt = (await chain.CallAsync("eth_getTransactionReceipt", anchored.Transaction)).GetRawText();
        // The honest node has the event.
        Assert.Equal(anchored.Transaction, (await contract.FindAsync(Name, 0, AllBlocks, new InMemorySentTransactions(),
            default))!.Transaction);
        await Assert.ThrowsAsync<NodesDisagreeException>(() => contract.FindAsync(Name, 3, AllBlocks,
            new InMemorySentTransactions(), default));
    }

    [Fact]
    public async Task One_node_alone_cannot_change_an_event()
    {
        liar.Lies = (method, truth) =>
        {
            if (method != "eth_getTransactionReceipt")
            {
                return null;
            }

            var changed = truth!.DeepClone();
            changed["logs"]![1]!["data"] = ((string)changed["logs"]![1]!["data"]!)[..^1] + "9";
            return changed;
        };
        await Assert.ThrowsAsync<NodesDisagreeException>(() => contract.FindAsync(Name, 0, AllBlocks,
            new InMemorySentTransactions(), default));
    }

    [Theory]
    [InlineData("eth_blockNumber", "0xffffff")]
    [InlineData("eth_blockNumber", "0x0")]
    public async Task One_node_alone_cannot_make_a_block_final(string lied, string height)
    {
        var options = Options() with { Confirmations = 12 };
        var careful = new AnchorContract(new JsonRpcClient(http, [new Uri("http://liar.invalid/"), chain.Url]), options, TimeProvider.System);
        liar.Lies = (method, _) => method == lied ? height : null;
        Assert.NotEqual(AnchorDepth.Final, (await careful.ReadStatusAsync(anchored.Block, anchored.BlockHash, default)).Depth);
    }

    [Fact]
    public async Task One_node_alone_cannot_declare_a_block_gone()
    {
        liar.Lies = (method, truth) => method == "eth_getBlockByNumber" ? new JsonObject { ["hash"] = $"0x{new string('b', 64)}", ["timestamp"] = "0x1" } : null;
        await Assert.ThrowsAsync<NodesDisagreeException>(() => contract.ReadStatusAsync(anchored.Block, anchored.BlockHash, default));
        await Assert.ThrowsAsync<NodesDisagreeException>(() => contract.BlockHashAsync(anchored.Block, default));
    }

    [Fact]
    public async Task One_node_alone_cannot_confirm_a_contract_wallet_s_signature()
    {
        liar.Lies = (method, _) => method == "eth_call" ? $"0x1626ba7e{new string('0', 56)}" : null;
        var wallets = new ContractWallets(new JsonRpcClient(http, [new Uri("http://liar.invalid/"), chain.Url]), 31337, TimeProvider.System);
        Assert.True(EthereumAddress.TryParse(anchored.Contract, out var wallet));
        await Assert.ThrowsAsync<NodesDisagreeException>(() => wallets.FindBlockAsync(new WalletClaim(wallet, new byte[65]), new byte[32], "", default));
        liar.Lies = null;
        Assert.Null(await wallets.FindBlockAsync(new WalletClaim(wallet, [1, .. new byte[64]]), new byte[32], "", default));
    }

    [Fact]
    public async Task One_node_s_estimate_sends_nothing_that_another_refuses()
    {
        liar.Lies = (method, _) => method == "eth_estimateGas" ? "0x493e0" : null;
        var before = (await chain.CallAsync("eth_getTransactionCount", $"{writer.Address}", "pending")).GetString();
        var gap = new AnchorBatch(Name, 5, 8, new byte[32], 8, [], []); // the contract is at 3
        await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => contract.AnchorAsync(gap, new InMemorySentTransactions(), default));
        Assert.Equal(before, (await chain.CallAsync("eth_getTransactionCount", $"{writer.Address}", "pending")).GetString());
    }

    [Theory]
    [InlineData("eth_estimateGas")]
    [InlineData("eth_sendRawTransaction")]
    public async Task One_node_alone_cannot_declare_a_batch_too_large(string method)
    {
        liar.Refuses = method;
        var batch = new AnchorBatch(Name, 3, 5, new byte[32], 5, [], []);
        if (method == "eth_sendRawTransaction")
        {
            Assert.Equal(5, (await contract.AnchorAsync(batch, new InMemorySentTransactions(), default)).To); // the other node accepts it
        }
        else
        {
            await Assert.ThrowsAsync<NodesDisagreeException>(() => contract.AnchorAsync(batch, new InMemorySentTransactions(), default));
        }
    }

    [Fact]
    public async Task Wallets_are_not_called_at_a_block_that_is_too_old()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow() + WalletQuestion.MaxBlockAge + TimeSpan.FromMinutes(1));
        var wallets = new ContractWallets(new JsonRpcClient(http, [new Uri("http://liar.invalid/"), chain.Url]), 31337, time);
        Assert.True(EthereumAddress.TryParse(anchored.Contract, out var wallet));
        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() =>
            wallets.FindBlockAsync(new WalletClaim(wallet, [1, .. new byte[64]]), new byte[32], "", default));
        Assert.Contains("has stalled", fault.Message, StringComparison.Ordinal);
    }

    private ChainOptions Options() => new(31337, writer, null, IsDevChain: true)
    {
        PollInterval = TimeSpan.FromMilliseconds(20), WaitTimeout = TimeSpan.FromSeconds(5),
    };

    private static JsonNode Forge(JsonNode truth, string hash)
    {
        var forged = truth.DeepClone();
        forged["transactionHash"] = hash;
        return forged;
    }

    /// <summary>Queries the real node, and falsifies the results that a test chooses.</summary>
    private sealed class Liar() : DelegatingHandler(new SocketsHttpHandler())
    {
        public Uri Truth { get; set; } = null!;

        /// <summary>Replaces a result; null for the truth. Takes the method and the true result.</summary>
        public Func<string, JsonNode?, JsonNode?>? Lies { get; set; }

        /// <summary>The method to which it answers that a transaction is too large.</summary>
        public string? Refuses { get; set; }

        /// <summary>The method for which it has no result.</summary>
        public string? Withholds { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.Host != "liar.invalid")
            {
                return await base.SendAsync(request, cancellationToken);
            }

            request.RequestUri = Truth;
            var method = (string)JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!["method"]!;
            var answer = JsonNode.Parse(await (await base.SendAsync(request, cancellationToken)).Content.ReadAsStringAsync(cancellationToken))!.AsObject();
            if (method == Refuses)
            {
                return FaultyNode.Error(-32000, "exceeds block gas limit");
            }

            if (method == Withholds)
            {
                answer["result"] = null;
            }
            else if (Lies?.Invoke(method, answer["result"]) is { } lie)
            {
                answer.Remove("error");
                answer["result"] = lie;
            }

            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer.ToJsonString(), Encoding.UTF8, "application/json") };
        }
    }
}
