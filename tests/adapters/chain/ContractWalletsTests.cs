using System.Collections.Concurrent;
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
        var wallets = Wallets(http, time);
        var asked = wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None);
        await node.Asked.Task;
        Assert.False(asked.IsCompleted);
        time.Advance(ContractWallets.AnswerTimeout);
        Assert.Contains("said nothing", (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => asked)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wallet_that_used_up_its_time_is_left_alone_for_longer_each_time_until_it_answers()
    {
        using var node = new AnsweringNode("\"result\":\"0x1626ba7e00000000000000000000000000000000000000000000000000000000\"") { IsHeld = true };
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = Wallets(http, time);
        Task<ChainBlock?> AskAsync(int wallet) => wallets.FindBlockAsync(Of(wallet), new byte[32], "", CancellationToken.None);

        foreach (var (times, seconds) in new[] { 2, 4, 8, 16, 32, 60, 60 }.Index())
        {
            var asked = AskAsync(0);
            await Eventually.TrueAsync(() => node.Held == 1);
            if (times == 0)
            {
                time.Advance(ContractWallets.AnswerTimeout);
                Assert.Contains("said nothing", (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => asked)).Message, StringComparison.Ordinal);
            }
            else
            {
                Assert.NotNull((await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => AskAsync(0))).RetryAfter); // one question at a time
                time.Advance(ContractWallets.SlowTimeout);
                Assert.Contains("is being asked", (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => asked)).Message, StringComparison.Ordinal);
                time.Advance(ContractWallets.AnswerTimeout - ContractWallets.SlowTimeout);
            }

            await Eventually.TrueAsync(async () => (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => AskAsync(0))).RetryAfter == TimeSpan.FromSeconds(seconds));
            time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(TimeSpan.FromMilliseconds(1), (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => AskAsync(0))).RetryAfter);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var last = AskAsync(0);
        await Eventually.TrueAsync(() => node.Held == 1);
        time.Advance(ContractWallets.SlowTimeout);
        Assert.NotNull((await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => last)).RetryAfter);
        node.Release();
        Assert.NotNull(await AskAsync(1)); // another wallet was never meant
        await Eventually.TrueAsync(async () => await Record.ExceptionAsync(() => AskAsync(0)) is null);
        var calls = node.Calls;
        Assert.NotNull(await AskAsync(0)); // what it said late is kept
        Assert.Equal(calls, node.Calls);
    }

    [Fact]
    public async Task Few_are_asked_at_once_and_who_comes_then_waits_for_a_turn()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = Wallets(http, time);
        var asked = Enumerable.Range(0, WalletClaim.AtOnce + 1).Select(i => wallets.FindBlockAsync(Of(i), new byte[32], $"192.0.2.{i}", CancellationToken.None)).ToList();
        await Eventually.TrueAsync(() => node.Calls == WalletClaim.AtOnce);
        time.Advance(ContractWallets.AnswerTimeout);
        foreach (var one in asked.Take(WalletClaim.AtOnce))
        {
            await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => one);
        }

        await Eventually.TrueAsync(() => node.Calls == WalletClaim.AtOnce + 1);
        Assert.False(asked[^1].IsCompleted);
    }

    [Fact]
    public async Task An_address_has_its_turn_however_many_claims_of_others_wait_for_the_same_wallet()
    {
        using var node = new AnsweringNode("\"result\":\"0x1626ba7e00000000000000000000000000000000000000000000000000000000\"") { IsHeld = true };
        using var http = new HttpClient(node);
        var wallets = Wallets(http, new FakeTimeProvider());
        Task<ChainBlock?> AskAsync(WalletClaim claim, int caller) => wallets.FindBlockAsync(claim, new byte[32], $"192.0.2.{caller}", CancellationToken.None);

        var strangers = Enumerable.Range(0, 80).Select(i => AskAsync(Claim, i % 8)).ToList(); // 16 are asked, 64 wait
        await Eventually.TrueAsync(() => node.Held == WalletClaim.AtOnce);
        var host = AskAsync(Claim with { Signature = [0xab, 0xcd] }, 99);
        node.Release();
        Assert.NotNull(await host);
        await Task.WhenAll(strangers);
        Assert.InRange(node.Asked.ToList().FindIndex(data => data.Contains("abcd", StringComparison.Ordinal)), 0, 3 * WalletClaim.AtOnce);
    }

    [Fact]
    public async Task An_address_that_has_its_share_of_those_that_wait_is_told_at_once()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var wallets = Wallets(http, new FakeTimeProvider());
        Task<ChainBlock?> AskAsync(string caller) => wallets.FindBlockAsync(Claim, new byte[32], caller, CancellationToken.None);

        var asked = Enumerable.Range(0, WalletClaim.AtOnce + WalletClaim.WaitingPerCaller).Select(_ => AskAsync("192.0.2.1")).ToList();
        Assert.Contains("8 for one address", (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => AskAsync("192.0.2.1"))).Message, StringComparison.Ordinal);
        asked.Add(AskAsync("192.0.2.2"));
        Assert.All(asked, one => Assert.False(one.IsCompleted));
    }

    [Fact]
    public async Task Who_has_no_turn_in_time_is_told_and_never_asked_for()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = Wallets(http, time);
        var asked = Enumerable.Range(0, 150).Select(i => wallets.FindBlockAsync(Claim, new byte[32], $"192.0.2.{i}", CancellationToken.None)).ToList();
        await Eventually.TrueAsync(() => node.Calls == WalletClaim.AtOnce);
        time.Advance(ContractWallets.AnswerTimeout);
        await Eventually.TrueAsync(() => node.Calls == 2 * WalletClaim.AtOnce);
        time.Advance(ContractWallets.TurnTimeout - ContractWallets.AnswerTimeout);
        foreach (var one in asked.Skip(2 * WalletClaim.AtOnce))
        {
            Assert.StartsWith("Wallets are being asked already", (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => one)).Message, StringComparison.Ordinal);
        }

        time.Advance(ContractWallets.AnswerTimeout);
        var next = wallets.FindBlockAsync(Claim, new byte[32], "192.0.2.200", CancellationToken.None);
        await Eventually.TrueAsync(() => node.Calls == (2 * WalletClaim.AtOnce) + 1);
        Assert.False(next.IsCompleted);
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
        time.Advance(RecentAnswers.AgeOfNo - TimeSpan.FromMilliseconds(1));
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

    [Theory]
    [InlineData("header not found")]
    [InlineData("cannot allocate memory")]
    [InlineData("memory limit of this plan exceeded")]
    public async Task A_fault_of_the_node_is_no_refusal_and_is_not_remembered(string message)
    {
        using var node = new AnsweringNode($$"""
            "error":{"code":-32000,"message":"{{message}}"}
            """);
        using var http = new HttpClient(node);
        var wallets = Wallets(http, new FakeTimeProvider());
        await Assert.ThrowsAsync<RpcErrorException>(() => wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None));
        await Assert.ThrowsAsync<RpcErrorException>(() => wallets.FindBlockAsync(Claim, new byte[32], "", CancellationToken.None));
        Assert.Equal(2, node.Calls);
    }

    [Fact]
    public void Answers_that_are_remembered_are_bounded()
    {
        var answers = new RecentAnswers(new FakeTimeProvider());
        for (var i = 0; i <= RecentAnswers.Limit; i++)
        {
            answers.Keep(Claim, BitConverter.GetBytes(i), null);
        }

        Assert.False(answers.TryFind(Claim, BitConverter.GetBytes(0), out _));
        Assert.True(answers.TryFind(Claim, BitConverter.GetBytes(1), out var block));
        Assert.Null(block);
    }

    private static ContractWallets Wallets(HttpClient http, TimeProvider time) =>
        new(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), AdmissionPolicy.DevChainId, time);

    private static WalletClaim Of(int number) => new(new EthereumAddress([.. new byte[19], (byte)number]), [1]);

    private sealed class SilentNode : HttpMessageHandler
    {
        private int calls;

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Calls => Volatile.Read(ref calls);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref calls);
            Asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException();
        }
    }

    /// <summary>On the dev chain's id at block 42; answers every call of a contract in one way.</summary>
    private sealed class AnsweringNode(string answer) : HttpMessageHandler
    {
        public static string BlockHash { get; } = $"0x{new string('a', 64)}";

        private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentQueue<string> asked = new();
        private int held;

        /// <summary>No wallet answers before <see cref="Release"/>.</summary>
        public bool IsHeld { get; init; }

        public int Held => Volatile.Read(ref held);

        /// <summary>With what contracts were called, in order.</summary>
        public IReadOnlyCollection<string> Asked => asked;

        public int Calls => asked.Count;

        public string? AskedAt { get; private set; }

        public void Release() => released.TrySetResult();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var call = JsonElement.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
            if (IsHeld && call.Text("method") == "eth_call")
            {
                Interlocked.Increment(ref held);
                await released.Task.WaitAsync(cancellationToken).ContinueWith(_ => Interlocked.Decrement(ref held), TaskScheduler.Default);
                cancellationToken.ThrowIfCancellationRequested();
            }

            var text = "\"result\":\"0x7a69\"";
            if (call.Text("method") == "eth_getBlockByNumber")
            {
                text = $$"""
                    "result":{"number":"0x2a","hash":"{{BlockHash.ToUpperInvariant().Replace("0X", "0x", StringComparison.Ordinal)}}"}
                    """;
            }
            else if (call.Text("method") == "eth_call")
            {
                asked.Enqueue(call.GetProperty("params")[0].Text("data"));
                (AskedAt, text) = (call.GetProperty("params")[1].GetRawText(), answer);
            }

            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent($"{{\"jsonrpc\":\"2.0\",\"id\":1,{text}}}") };
        }
    }
}
