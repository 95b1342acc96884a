using System.Net;
using System.Text.Json;
using CapOrleans.Chain;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Chain;

public sealed class ContractWalletsTests
{
    private static readonly WalletClaim Claim = Of(0);

    [Fact]
    public async Task A_node_that_says_nothing_is_waited_for_so_long_and_no_longer()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = new ContractWallets(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), AdmissionPolicy.DevChainId, time);
        var asked = wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None);
        await node.Asked.Task;
        Assert.False(asked.IsCompleted);
        time.Advance(ContractWallets.Patience);
        Assert.Contains("said nothing", (await Assert.ThrowsAsync<ChainUnavailableException>(() => asked)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Few_are_asked_at_once_and_who_comes_then_is_told()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = new ContractWallets(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), AdmissionPolicy.DevChainId, time);
        var asked = Enumerable.Range(0, WalletClaim.AtOnce).Select(i => wallets.FindBlockAsync(Of(i / WalletClaim.AtOncePerWallet), new byte[32], "", CancellationToken.None)).ToList();
        await Assert.ThrowsAsync<ChainUnavailableException>(() => wallets.FindBlockAsync(Of(99), new byte[32], "", CancellationToken.None));
        time.Advance(ContractWallets.Patience);
        foreach (var one in asked)
        {
            await Assert.ThrowsAsync<ChainUnavailableException>(() => one);
        }

        var next = wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None); // the places are free again
        Assert.False(next.IsCompleted);
        time.Advance(ContractWallets.Patience);
        await Assert.ThrowsAsync<ChainUnavailableException>(() => next);
    }

    [Fact]
    public async Task One_address_takes_no_more_than_its_places_whatever_wallets_it_names()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = new ContractWallets(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), AdmissionPolicy.DevChainId, time);
        var asked = Enumerable.Range(0, WalletClaim.AtOncePerCaller).Select(i => wallets.FindBlockAsync(Of(i), new byte[32], "192.0.2.1", CancellationToken.None)).ToList();
        await Assert.ThrowsAsync<ChainUnavailableException>(() => wallets.FindBlockAsync(Of(99), new byte[32], "192.0.2.1", CancellationToken.None));
        asked.Add(wallets.FindBlockAsync(Of(99), new byte[32], "192.0.2.2", CancellationToken.None));
        asked.Add(wallets.FindBlockAsync(Of(0), new byte[32], "192.0.2.3", CancellationToken.None));
        Assert.All(asked, one => Assert.False(one.IsCompleted));
        time.Advance(ContractWallets.Patience);
        foreach (var one in asked)
        {
            await Assert.ThrowsAsync<ChainUnavailableException>(() => one);
        }
    }

    [Fact]
    public async Task One_address_that_has_a_wallet_asked_at_all_its_places_keeps_no_other_from_asking_it()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = Wallets(http, time);
        Task<ChainBlock?> AskAsync(string caller) => wallets.FindBlockAsync(Claim, new byte[32], caller, CancellationToken.None);

        var asked = Enumerable.Range(0, 50).Select(_ => AskAsync("192.0.2.1")).Where(one => !one.IsCompleted).ToList();
        Assert.InRange(asked.Count, 1, WalletClaim.AtOncePerWallet - 1);
        asked.Add(AskAsync("192.0.2.2"));
        Assert.False(asked[^1].IsCompleted);
        time.Advance(ContractWallets.Patience);
        foreach (var one in asked)
        {
            await Assert.ThrowsAsync<ChainUnavailableException>(() => one);
        }
    }

    [Fact]
    public async Task Nonsense_in_one_wallet_s_name_keeps_no_other_from_being_asked()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = new ContractWallets(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), AdmissionPolicy.DevChainId, time);
        var asked = Enumerable.Range(0, WalletClaim.AtOncePerWallet).Select(_ => wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None)).ToList();
        await Assert.ThrowsAsync<ChainUnavailableException>(() => wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None));
        asked.Add(wallets.FindBlockAsync(Of(1), new byte[32], "", CancellationToken.None));
        Assert.All(asked, one => Assert.False(one.IsCompleted));
        time.Advance(ContractWallets.Patience);
        foreach (var one in asked)
        {
            await Assert.ThrowsAsync<ChainUnavailableException>(() => one);
        }
    }

    [Fact]
    public async Task The_wallet_is_asked_at_a_block_by_its_hash()
    {
        using var node = new AnsweringNode("\"result\":\"0x1626ba7e00000000000000000000000000000000000000000000000000000000\"");
        using var http = new HttpClient(node);
        var wallets = Wallets(http, new FakeTimeProvider());
        Assert.Equal(
            new ChainBlock(42, AnsweringNode.BlockHash), await wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None));
        Assert.Equal($$"""{"blockHash":"{{AnsweringNode.BlockHash}}","requireCanonical":true}""", node.AskedAt);
    }

    [Fact]
    public async Task A_refusal_is_remembered_for_ten_seconds_and_for_that_signature_only()
    {
        using var node = new AnsweringNode("\"result\":\"0xffffffff00000000000000000000000000000000000000000000000000000000\"");
        using var http = new HttpClient(node);
        var time = new FakeTimeProvider();
        var wallets = Wallets(http, time);
        Task<ChainBlock?> AskAsync(WalletClaim claim, byte hash) =>
            wallets.FindBlockAsync(claim, [.. new byte[31], hash], "", CancellationToken.None);

        Assert.Null(await AskAsync(Claim, 1));
        time.Advance(RecentRefusals.Age - TimeSpan.FromMilliseconds(1));
        Assert.Null(await AskAsync(Claim, 1));
        Assert.Equal(1, node.Calls);
        await AskAsync(Claim, 2);
        await AskAsync(Claim with { Signature = [2] }, 1);
        await AskAsync(Of(1), 1);
        Assert.Equal(4, node.Calls);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await AskAsync(Claim, 1);
        Assert.Equal(5, node.Calls);
    }

    [Fact]
    public async Task A_fault_of_the_node_is_no_refusal_and_is_not_remembered()
    {
        using var node = new AnsweringNode("\"error\":{\"code\":-32000,\"message\":\"header not found\"}");
        using var http = new HttpClient(node);
        var wallets = Wallets(http, new FakeTimeProvider());
        await Assert.ThrowsAsync<RpcErrorException>(() => wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None));
        await Assert.ThrowsAsync<RpcErrorException>(() => wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None));
        Assert.Equal(2, node.Calls);
    }

    [Fact]
    public void Refusals_that_are_remembered_are_bounded()
    {
        var refusals = new RecentRefusals(new FakeTimeProvider());
        for (var i = 0; i <= RecentRefusals.Limit; i++)
        {
            refusals.Keep(Claim, BitConverter.GetBytes(i));
        }

        Assert.False(refusals.Holds(Claim, BitConverter.GetBytes(0)));
        Assert.True(refusals.Holds(Claim, BitConverter.GetBytes(1)));
    }

    private static ContractWallets Wallets(HttpClient http, TimeProvider time) =>
        new(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), AdmissionPolicy.DevChainId, time);

    private static WalletClaim Of(int number) => new(new EthereumAddress([.. new byte[19], (byte)number]), [1]);

    private sealed class SilentNode : HttpMessageHandler
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException();
        }
    }

    /// <summary>On the dev chain's id at block 42; answers every call of a contract in one way.</summary>
    private sealed class AnsweringNode(string answer) : HttpMessageHandler
    {
        public static string BlockHash { get; } = $"0x{new string('a', 64)}";

        public int Calls { get; private set; }

        public string? AskedAt { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var asked = JsonElement.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
            var text = "\"result\":\"0x7a69\"";
            if (asked.Text("method") == "eth_getBlockByNumber")
            {
                text = $$"""
                    "result":{"number":"0x2a","hash":"{{BlockHash.ToUpperInvariant().Replace("0X", "0x", StringComparison.Ordinal)}}"}
                    """;
            }
            else if (asked.Text("method") == "eth_call")
            {
                (Calls, AskedAt, text) = (Calls + 1, asked.GetProperty("params")[1].GetRawText(), answer);
            }

            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent($"{{\"jsonrpc\":\"2.0\",\"id\":1,{text}}}") };
        }
    }
}
