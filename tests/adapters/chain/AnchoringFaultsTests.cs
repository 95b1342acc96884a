using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Chain;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using Microsoft.Extensions.Time.Testing;
using Nethereum.Model;

namespace CapOrleans.Tests.Chain;

/// <summary>Faults of real providers, between us and a real node: everything is anchored, and nothing twice.</summary>
public sealed class AnchoringFaultsTests : IAsyncLifetime
{
    private const string Origin = "caporleans/test/0";

    private readonly FaultyNode node = new();
    private readonly PrivateKey writer = PrivateKey.Create();
    private readonly InMemorySentTransactions sent = new();
    private HttpClient http = null!;
    private DevChain chain = null!;
    private AnchorContract contract = null!;

    public async Task InitializeAsync()
    {
        http = new HttpClient(node);
        chain = await DevChain.StartAsync();
        contract = Contract(TimeSpan.FromMinutes(1));
        await contract.ReadPositionAsync(Origin, sent, default); // deploys the contract
    }

    public Task DisposeAsync()
    {
        http.Dispose();
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("eth_sendRawTransaction")]
    [InlineData("eth_getTransactionReceipt")]
    [InlineData("eth_getTransactionCount")]
    public async Task An_answer_that_is_lost_makes_no_second_transaction(string method)
    {
        var asked = 0;
        node.LosesAnswer = (lost, _) => lost == method && sent.All.Count > 0 && asked++ < 3;
        Assert.Equal(3, (await AnchorAsync(0, 3)).To);
        Assert.NotEqual(0, asked);
        await AnchoredOnceAsync(0, 3);
    }

    [Fact]
    public async Task A_provider_that_refuses_wide_ranges_is_asked_in_windows()
    {
        await AnchorAsync(0, 3);
        await chain.CallAsync("anvil_mine", "0x7d0"); // 2,000 blocks
        node.Before = (method, parameters, _) => method == "eth_getLogs" && Range(parameters[0]) > 100
            ? FaultyNode.Error(-32005, "query exceeds max block range 100") : null;
        var found = await FindAsync(0, new InMemorySentTransactions());
        Assert.Equal((0, 3), (found!.From, found.To));
        var before = node.Asked.Count(method => method == "eth_getLogs");
        Assert.Null(await FindAsync(3, new InMemorySentTransactions(), found.Block)); // blocks before the last anchor are not searched
        Assert.InRange(node.Asked.Count(method => method == "eth_getLogs") - before, 1, 40);
    }

    [Fact]
    public async Task A_node_with_a_Retry_After_of_zero_is_polled_no_more_often_than_others()
    {
        contract = Contract(TimeSpan.FromSeconds(2));
        node.Before = (method, _, _) => method == "eth_getTransactionReceipt"
            ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { { "Retry-After", "0" } } } : null;
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(0, 3));
        // In two seconds, at most one request every twenty milliseconds.
        Assert.InRange(node.Asked.Count(method => method == "eth_getTransactionReceipt"), 2, 101);
    }

    [Fact]
    public async Task An_endless_search_times_out()
    {
        node.Before = (method, _, _) => method == "eth_getLogs" ? FaultyNode.Result(new JsonArray()) : null;
        var time = new FakeTimeProvider();
        var events = new EventSearch(new JsonRpcClient(http, chain.Url), writer.Address, [], time);
        var search = Task.Run(() => events.NewestAsync(new BlockRange(0, long.MaxValue), default)); // this node answers immediately
        await Eventually.TrueAsync(() => node.Asked.Count(method => method == "eth_getLogs") > 10);
        time.Advance(EventSearch.Timeout);
        await Assert.ThrowsAsync<ChainUnavailableException>(() => search);
    }

    [Fact]
    public async Task What_was_sent_is_found_by_its_hash_without_a_search()
    {
        await AnchorAsync(0, 3);
        node.Before = (method, _, _) => method == "eth_getLogs" ? FaultyNode.Error(-32601, "eth_getLogs is not available on this plan") : null;
        Assert.Equal(3, (await FindAsync(0, sent))!.To);
    }

    [Fact]
    public async Task A_transaction_that_is_not_mined_is_replaced_by_one_with_a_higher_fee_and_the_same_nonce()
    {
        contract = Contract(TimeSpan.FromSeconds(2));
        await chain.CallAsync("evm_setAutomine", false);
        node.Before = (method, parameters, _) =>
        {
            Assert.False(method == "eth_estimateGas" && parameters[1].GetString() != "latest", "What waits must not be in an estimate.");
            return null;
        };
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(0, 3)); // not mined in time
        Assert.InRange(sent.All[0].Hashes.Count, 2, 20);
        await chain.CallAsync("evm_setAutomine", true);
        await chain.CallAsync("anvil_mine", "0x1");
        var refused = await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(0, 3)); // mined by now
        Assert.Contains("expects the next batch of this log to start at 3", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, (await FindAsync(0, sent))!.To);
        await AnchoredOnceAsync(0, 3);
    }

    [Fact]
    public async Task A_transaction_that_reverts_is_reported_and_does_not_block_the_next()
    {
        // The estimate succeeds, but once it is mined the contract refuses it: the batch leaves a gap.
        node.Before = (method, _, _) => method == "eth_estimateGas" ? FaultyNode.Result("0x30d40") : null;
        var fault = await Assert.ThrowsAsync<TransactionRevertedException>(() => AnchorAsync(5, 8));
        Assert.Contains("reverted", fault.Message, StringComparison.Ordinal);
        Assert.Empty(sent.All);
        node.Before = null;
        await AnchorAsync(0, 3);
        await AnchoredOnceAsync(0, 3);
    }

    [Fact]
    public async Task The_logs_of_a_reverted_transaction_do_not_count()
    {
        await AnchorAsync(0, 3);
        node.Changes = (method, answer) =>
        {
            if (method == "eth_getTransactionReceipt")
            {
                answer["result"]!["status"] = "0x0"; // with its event present, as at no honest node
            }
        };
        Assert.Null(await FindAsync(0, sent));
        node.Changes = null;
        Assert.Equal(3, (await FindAsync(0, sent))!.To);
    }

    [Fact]
    public async Task A_record_that_was_mined_after_the_check_is_found_and_not_written_again()
    {
        var audit = new ChainAudit("caporleans/test/0/0-3", Enumerable.Repeat((byte)7, 32).ToArray(), "bafkqaaa");
        var before = "";
        node.Changes = (method, answer) => before = method == "eth_call" ? (string)answer["result"]! : before;
        var stored = await contract.StoreAuditAsync(audit, sent, default);
        var asked = 0;
        node.Changes = (method, answer) =>
        {
            if (method == "eth_call" && asked++ == 0)
            {
                answer["result"] = before;
            }
        };
        Assert.Equal(stored, await contract.StoreAuditAsync(audit, sent, default));
        Assert.NotEqual(0, asked);
        Assert.Equal(stored, await contract.StoreAuditAsync(audit, new InMemorySentTransactions(), default)); // found by its event
    }

    [Fact]
    public async Task A_node_s_Retry_After_is_respected_while_waiting_for_a_block()
    {
        var time = new CountedTime();
        contract = Contract(TimeSpan.FromHours(1), time);
        node.Before = (method, _, _) => method == "eth_getTransactionReceipt"
            ? new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { { "Retry-After", "120" } } } : null;
        var anchoring = AnchorAsync(0, 3);
        await Eventually.TrueAsync(() => time.Timers > 0);
        var asked = node.Asked.Count;
        for (var looks = 1; looks < 50; looks++) // for a second
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            await Eventually.TrueAsync(() => time.Timers > looks);
        }

        Assert.Equal(asked, node.Asked.Count);
        node.Before = null;
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(3, (await anchoring).To);
        await AnchoredOnceAsync(0, 3);
    }

    [Fact]
    public async Task A_nonce_taken_by_another_program_is_reported_and_the_next_one_is_used()
    {
        await chain.CallAsync("anvil_impersonateAccount", writer.Address.ToString());
        node.Meanwhile = async method =>
        {
            if (method == "eth_sendRawTransaction" && sent.All[0].Hashes.Count == 1)
            {
                node.Meanwhile = null;
                await chain.CallAsync("eth_sendTransaction", new { from = $"{writer.Address}", to = $"{writer.Address}", value = "0x1" });
            }
        };
        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(0, 3));
        Assert.Contains("another program sends from the writer's account", fault.Message, StringComparison.Ordinal);
        await AnchorAsync(0, 3);
        await AnchoredOnceAsync(0, 3);
    }

    [Fact]
    public async Task A_chain_without_a_base_fee_gets_legacy_transactions()
    {
        node.Changes = (method, answer) =>
        {
            if (method == "eth_getBlockByNumber")
            {
                answer["result"]?.AsObject().Remove("baseFeePerGas");
            }
        };
        var anchored = await AnchorAsync(0, 3);
        Assert.Equal("0x0", (await chain.CallAsync("eth_getTransactionByHash", anchored.Transaction)).Text("type"));
        await AnchoredOnceAsync(0, 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_suggested_tip_recently_paid_tips_are_used(bool hasNoHistoryEither)
    {
        node.Before = (method, _, _) => method == "eth_maxPriorityFeePerGas" || (hasNoHistoryEither && method == "eth_feeHistory")
            ? FaultyNode.Error(-32601, $"the method {method} does not exist/is not available") : null;
        await AnchorAsync(0, 3);
        await AnchoredOnceAsync(0, 3);
    }

    [Theory]
    [InlineData("eth_estimateGas", -32000, "gas required exceeds allowance (16777216)")]
    [InlineData("eth_sendRawTransaction", -32003, "transaction gas limit too high (cap: 16777216, tx: 20000000)")]
    public async Task A_batch_that_is_too_large_is_reported_as_such_and_leaves_nothing_behind(string method, int code, string message)
    {
        node.Before = (asked, _, _) => asked == method ? FaultyNode.Error(code, message) : null;
        await Assert.ThrowsAsync<BatchTooLargeException>(() => AnchorAsync(0, 3));
        node.Before = null;
        await AnchorAsync(0, 3);
        await AnchoredOnceAsync(0, 3);
    }

    [Fact]
    public async Task A_transaction_that_no_honest_node_accepts_is_rebuilt_once_the_lying_node_is_gone()
    {
        node.Before = (method, _, _) => method switch
        {
            "eth_estimateGas" => FaultyNode.Result("0x5"), // far below what any transaction costs
            "eth_sendRawTransaction" => FaultyNode.Result($"0x{new string('a', 64)}"),
            _ => null,
        };
        contract = Contract(TimeSpan.FromMilliseconds(500));
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(0, 3));
        Assert.Single(sent.All);
        node.Before = null;
        contract = Contract(TimeSpan.FromMinutes(1));
        await AnchorAsync(0, 3);
        await AnchoredOnceAsync(0, 3);
    }

    [Fact]
    public async Task After_a_lie_about_prices_the_transaction_is_signed_again_with_a_sufficient_tip()
    {
        node.Before = (method, _, _) => method switch
        {
            "eth_maxPriorityFeePerGas" => FaultyNode.Result("0x0"),
            "eth_sendRawTransaction" => FaultyNode.Result($"0x{new string('a', 64)}"),
            _ => null,
        };
        node.Changes = (method, answer) =>
        {
            if (method == "eth_getBlockByNumber")
            {
                answer["result"]!["baseFeePerGas"] = JsonRpcClient.Hex(499_999_999_999); // uses up Chain__MaxFeeGwei
            }
        };
        contract = Contract(TimeSpan.FromMilliseconds(500));
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(0, 3));
        Assert.Equal(0, Assert.Single(sent.All).Tip);
        node.Changes = null;
        node.Before = (method, parameters, _) => method == "eth_sendRawTransaction" && TipOf(parameters[0].GetString()!) == 0
            ? FaultyNode.Error(-32000, "transaction underpriced: gas tip cap 0, minimum needed 1") : null;
        contract = Contract(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(0, 3)); // it is mined, and the contract refuses a second
        await AnchoredOnceAsync(0, 3);
    }

    [Theory]
    [InlineData("eth_estimateGas")]
    [InlineData("eth_sendRawTransaction")]
    public async Task A_413_of_a_proxy_counts_as_too_large_like_a_node_s_own_refusal(string method)
    {
        node.Before = (asked, _, _) => asked == method
            ? new HttpResponseMessage(HttpStatusCode.RequestEntityTooLarge) { Content = new StringContent("<html>413 Request Entity Too Large</html>") } : null;
        await Assert.ThrowsAsync<BatchTooLargeException>(() => AnchorAsync(0, 3));
        node.Before = null;
        await AnchorAsync(0, 3);
        await AnchoredOnceAsync(0, 3);
    }

    [Fact]
    public async Task After_a_reorganisation_removed_it_the_same_transaction_is_sent_again()
    {
        await chain.CallAsync("anvil_mine", "0x5");
        var anchored = await AnchorAsync(0, 3);
        await chain.CallAsync("anvil_reorg", 3, Array.Empty<object>());
        Assert.Equal(AnchorDepth.Reorganised, (await contract.ReadStatusAsync(anchored.Block, anchored.BlockHash, default)).Depth);
        Assert.Equal(0, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
        // The old transaction is mined again, and the contract refuses a second.
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(0, 3));
        Assert.Equal(anchored.Transaction, (await FindAsync(0, sent))!.Transaction);
        await AnchoredOnceAsync(0, 3);
    }

    /// <param name="wait">Timeout for a block.</param>
    private AnchorContract Contract(TimeSpan wait, TimeProvider? time = null) => new(
        new JsonRpcClient(http, chain.Url, time: time),
        new ChainOptions(31337, writer, null, IsDevChain: true)
        {
            PollInterval = TimeSpan.FromMilliseconds(20), BumpInterval = TimeSpan.FromMilliseconds(200), WaitTimeout = wait,
        },
        time ?? TimeProvider.System);

    private Task<AnchorConfirmation> AnchorAsync(long from, long to) =>
        contract.AnchorAsync(new AnchorBatch(Origin, from, to, new byte[32], to, [], []), sent, default);

    private async Task<AnchorConfirmation?> FindAsync(long from, ISentTransactions known, long first = 0)
    {
        var newest = (long)JsonRpcClient.Quantity(await chain.CallAsync("eth_blockNumber"));
        return await contract.FindAsync(Origin, from, new BlockRange(first, newest), known, default);
    }

    private async Task AnchoredOnceAsync(long from, long to)
    {
        (node.Before, node.LosesAnswer) = (null, null);
        Assert.Equal(to, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
        var logs = await chain.CallAsync("eth_getLogs", new { fromBlock = "0x0", toBlock = "latest" });
        Assert.Single(logs.EnumerateArray(), log =>
            log.GetProperty("topics") is { } topics && topics.GetArrayLength() == 3 && topics[2].GetString() == $"0x{from:x64}");
    }

    private static long TipOf(string raw) => (long)((Transaction1559)TransactionFactory.CreateTransaction(raw)).MaxPriorityFeePerGas!.Value;

    private static long Range(JsonElement filter) =>
        (long)(JsonRpcClient.Quantity(filter.GetProperty("toBlock")) - JsonRpcClient.Quantity(filter.GetProperty("fromBlock"))) + 1;
}
