using CapOrleans.Chain;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Chain;

/// <summary>
/// Several batches in progress at once, between us and a real node: everything is anchored, and nothing twice.
/// </summary>
public sealed class SeveralBatchesTests : IAsyncLifetime
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
        contract = new AnchorContract(
            new JsonRpcClient(http, chain.Url),
            new ChainOptions(31337, writer, null, IsDevChain: true)
            {
                PollInterval = TimeSpan.FromMilliseconds(20), BumpInterval = TimeSpan.FromMilliseconds(500), WaitTimeout = TimeSpan.FromSeconds(20),
            },
            TimeProvider.System);
        await contract.ReadPositionAsync(Origin, sent, default); // deploys the contract
        await chain.CallAsync("anvil_mine", "0x5");
    }

    public Task DisposeAsync()
    {
        http.Dispose();
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task They_are_mined_together_in_one_block()
    {
        await chain.CallAsync("evm_setAutomine", false);
        MineAt(5);
        var anchored = await AnchorAsync(0, 5);
        Assert.Equal([10, 20, 30, 40, 50], anchored.Select(confirmed => confirmed.To));
        Assert.Single(anchored.Select(confirmed => confirmed.Block).Distinct());
        await AnchoredOnceAsync(5);
    }

    [Theory]
    [InlineData("eth_sendRawTransaction", 1)]
    [InlineData("eth_sendRawTransaction", 2)]
    [InlineData("eth_getTransactionReceipt", 3)]
    [InlineData("eth_getTransactionCount", 1)]
    public async Task An_answer_that_is_lost_on_the_way_makes_no_second_transaction(string method, int call)
    {
        var asked = 0;
        node.LosesAnswer = (lost, _) => lost == method && sent.All.Count == 4 && ++asked == call;
        Assert.Equal(4, (await AnchorAsync(0, 4)).Count);
        Assert.InRange(asked, call, int.MaxValue);
        await AnchoredOnceAsync(4);
    }

    [Fact]
    public async Task A_nonce_taken_by_another_program_in_between_keeps_the_batches_before_it()
    {
        await chain.CallAsync("anvil_impersonateAccount", writer.Address.ToString());
        var submitted = 0;
        node.Meanwhile = async method =>
        {
            if (method == "eth_sendRawTransaction" && ++submitted == 3)
            {
                node.Meanwhile = null;
                await chain.CallAsync("eth_sendTransaction", new { from = $"{writer.Address}", to = $"{writer.Address}", value = "0x1" });
            }
        };
        Assert.Equal([10, 20], (await AnchorAsync(0, 5)).Select(confirmed => confirmed.To));
        Assert.Equal([30, 40, 50], (await AnchorAsync(2, 3)).Select(confirmed => confirmed.To));
        await AnchoredOnceAsync(5);
    }

    [Theory]
    [InlineData("eth_estimateGas", "gas required exceeds allowance (16777216)")]
    [InlineData("eth_sendRawTransaction", "transaction gas limit too high (cap: 16777216, tx: 20000000)")]
    [InlineData("eth_sendRawTransaction", "insufficient funds for gas * price + value: overshot")]
    public async Task A_refused_batch_waits_with_those_behind_it_until_it_is_the_first(string method, string message)
    {
        var asked = 0;
        node.Before = (called, _, _) => called == method && ++asked == 3 ? FaultyNode.Error(-32000, message) : null;
        Assert.Equal([10, 20], (await AnchorAsync(0, 5)).Select(confirmed => confirmed.To));
        Assert.Equal([30, 40, 50], (await AnchorAsync(2, 3)).Select(confirmed => confirmed.To));
        await AnchoredOnceAsync(5);
    }

    [Fact]
    public async Task A_reorganisation_that_removes_the_first_while_others_are_pending_resends_all()
    {
        await chain.CallAsync("evm_setAutomine", false);
        var (submitted, looked) = (0, 0);
        node.After = async method =>
        {
            if (method == "eth_sendRawTransaction" && ++submitted == 2)
            {
                await chain.CallAsync("anvil_mine", "0x1");
            }
            else if (method == "eth_getTransactionReceipt" && ++looked == 3) // two have a receipt
            {
                await chain.CallAsync("anvil_reorg", 1, Array.Empty<object>());
                await chain.CallAsync("evm_setAutomine", true);
            }
        };
        var anchored = await AnchorAsync(0, 4);
        Assert.Equal([10, 20, 30, 40], anchored.Select(confirmed => confirmed.To));
        await AnchoredOnceAsync(4);
    }

    [Fact]
    public async Task Fees_of_pending_transactions_are_raised_in_nonce_order()
    {
        await chain.CallAsync("evm_setAutomine", false);
        MineAt(6); // three, and one replacement of each
        Assert.Equal([10, 20, 30], (await AnchorAsync(0, 3)).Select(confirmed => confirmed.To));
        Assert.All(sent.All, transaction => Assert.Equal(2, transaction.Hashes.Count));
        await AnchoredOnceAsync(3);
    }

    [Fact]
    public async Task After_a_crash_what_was_sent_is_found_batch_by_batch()
    {
        await AnchorAsync(0, 3);
        node.Before = (method, _, _) => method == "eth_getLogs" ? FaultyNode.Error(-32601, "eth_getLogs is not available on this plan") : null;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(10 * (i + 1), (await contract.FindAsync(Origin, 10 * i, new BlockRange(0, 1_000), sent, default))!.To);
        }
    }

    private void MineAt(int transactions)
    {
        var submitted = 0;
        node.After = async method =>
        {
            if (method == "eth_sendRawTransaction" && ++submitted == transactions)
            {
                await chain.CallAsync("anvil_mine", "0x1");
            }
        };
    }

    private Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(int first, int count) => contract.AnchorAsync(
        [.. Enumerable.Range(first, count).Select(i => new AnchorBatch(Origin, 10 * i, (10 * i) + 10, new byte[32], 50, [], []))], sent, default);

    private async Task AnchoredOnceAsync(int batches)
    {
        (node.Before, node.LosesAnswer, node.After) = (null, null, null);
        Assert.Equal(10 * batches, (await contract.ReadPositionAsync(Origin, sent, default)).Position);
        var logs = await chain.CallAsync("eth_getLogs", new { fromBlock = "0x0", toBlock = "latest" });
        var starts = logs.EnumerateArray().Select(log => log.GetProperty("topics")).Where(topics => topics.GetArrayLength() == 3).Select(topics => topics[2].GetString());
        Assert.Equal(Enumerable.Range(0, batches).Select(i => $"0x{10 * i:x64}"), starts.Order(StringComparer.Ordinal).Where(start => start!.StartsWith("0x000000000000000000000000000000000000000000000000", StringComparison.Ordinal)));
    }
}
