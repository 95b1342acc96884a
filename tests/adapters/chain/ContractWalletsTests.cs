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

    private const string Yes = "\"result\":\"0x1626ba7e00000000000000000000000000000000000000000000000000000000\"",
        No = "\"result\":\"0xffffffff00000000000000000000000000000000000000000000000000000000\"";

    [Fact]
    public async Task A_node_that_does_not_answer_is_waited_for_up_to_the_timeout()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var asked = AskAsync(Wallets(http, time), 1);
        await node.Asked.Task;
        Assert.False(asked.IsCompleted);
        time.Advance(ContractWallets.AnswerTimeout);
        await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => asked);
    }

    [Fact]
    public async Task The_backoff_of_a_wallet_that_times_out_doubles_until_it_answers()
    {
        using var node = new AnsweringNode(Yes) { IsHeld = true };
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new CountedTime();
        var wallets = Wallets(http, time);
        async Task<TimeSpan?> RetryAfterAsync() => (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => AskAsync(wallets, 1))).RetryAfter;

        await SlowDownAsync(wallets, node, time);
        foreach (var seconds in new[] { 2, 4, 8, 16, 32, 60, 60 })
        {
            var timers = time.Timers;
            await Eventually.TrueAsync(async () => await RetryAfterAsync() == TimeSpan.FromSeconds(seconds));
            await Eventually.TrueAsync(() => time.Timers > timers); // the backoff has begun
            time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(500));
            Assert.Equal(TimeSpan.FromMilliseconds(500), await RetryAfterAsync());
            Assert.Equal(0, node.Held);
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Eventually.TrueAsync(() => node.Held == 1); // once, although it was requested repeatedly
            var asked = AskAsync(wallets, 1);
            time.Advance(ContractWallets.SlowTimeout);
            Assert.Contains("has not answered yet", (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => asked)).Message, StringComparison.Ordinal);
            time.Advance(ContractWallets.AnswerTimeout - ContractWallets.SlowTimeout);
            await Eventually.TrueAsync(() => node.Held == 0);
        }

        node.Release();
        var last = time.Timers;
        // It is backing off, and will be called.
        await Eventually.TrueAsync(async () => await RetryAfterAsync() > ContractWallets.SlowTimeout && time.Timers > last);
        Assert.NotNull(await AskAsync(wallets, 1, wallet: 1)); // another wallet is not affected
        time.Advance(SlowWallets.LongestBackoff);
        await Eventually.TrueAsync(async () => await Record.ExceptionAsync(() => AskAsync(wallets, 1)) is null);
        var calls = node.Calls;
        Assert.NotNull(await AskAsync(wallets, 1)); // its late answer is cached
        Assert.Equal(calls, node.Calls);
    }

    [Fact]
    public void Ten_minutes_after_its_last_timeout_a_wallet_is_as_any_other()
    {
        var time = new FakeTimeProvider();
        var slow = new SlowWallets(time);
        slow.NoteTimeout(Claim.Wallet);
        time.Advance(SlowWallets.FirstBackoff);
        slow.NoteTimeout(Claim.Wallet);
        Assert.Equal(SlowWallets.FirstBackoff * 2, slow.BackoffOf(Claim.Wallet));
        time.Advance(SlowWallets.Ttl);
        Assert.Null(slow.TurnsOf(Claim.Wallet));
        slow.NoteTimeout(Claim.Wallet);
        Assert.Equal(SlowWallets.FirstBackoff, slow.BackoffOf(Claim.Wallet));
    }

    [Fact]
    public async Task At_a_slow_wallet_callers_take_turns_however_much_one_of_them_asks()
    {
        using var node = new AnsweringNode(No) { IsHeld = true };
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new CountedTime();
        var wallets = Wallets(http, time);
        await SlowDownAsync(wallets, node, time);
        var timers = time.Timers;
        for (var i = 0; i < 20; i++)
        {
            // One is next, and one waits behind it.
            await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => AskAsync(wallets, 100 + i, "198.51.100.1"));
        }

        await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => AskAsync(wallets, 50, "192.0.2.1"));
        node.Release();
        await Eventually.TrueAsync(() => time.Timers > timers); // the first one's backoff has begun
        time.Advance(SlowWallets.FirstBackoff);
        await Eventually.TrueAsync(() => node.Calls >= 3);
        Assert.Null(await AskAsync(wallets, 50, "192.0.2.1")); // it was called, and refused
        Assert.InRange(node.IndexOf(50), 0, 2); // after the slow one, and one of the stranger's
    }

    [Fact]
    public async Task Calls_for_strangers_are_limited_at_once_and_per_second_and_known_callers_bypass_them()
    {
        using var node = new AnsweringNode(Yes);
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = Wallets(http, time);
        Assert.NotNull(await AskAsync(wallets, 1, "192.0.2.1")); // known from now on
        Assert.NotNull(await AskAsync(wallets, 50, "192.0.2.1"));
        Assert.NotNull(await AskAsync(wallets, 51, "192.0.2.1"));
        node.Hold();
        var strangers = Enumerable.Range(0, 100).Select(i => AskAsync(wallets, 1000 + i, $"198.51.100.{i}")).ToList();
        await Eventually.TrueAsync(() => node.Held == WalletClaim.MaxConcurrentStrangers);
        var known = Enumerable.Range(0, WalletClaim.MaxConcurrent).Select(i => AskAsync(wallets, 2 + i, "192.0.2.1")).ToList();
        await Eventually.TrueAsync(() => node.Held == WalletClaim.MaxConcurrentStrangers + WalletClaim.MaxConcurrent);
        node.Release();
        await Task.WhenAll(known);
        // One second's quota, which includes the first call of the known caller.
        await Eventually.TrueAsync(() => strangers.Count(one => one.IsCompleted) == WalletClaim.StrangersPerSecond - 1);
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => strangers.Count(one => one.IsCompleted) >= (2 * WalletClaim.StrangersPerSecond) - 2);
    }

    [Fact]
    public async Task A_valid_signature_earns_few_calls_so_that_a_captured_incident_gains_little()
    {
        using var node = new AnsweringNode(Yes);
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var wallets = Wallets(http, new FakeTimeProvider());
        Assert.NotNull(await AskAsync(wallets, 1, "192.0.2.1"));
        node.Hold();
        var asked = Enumerable.Range(0, 2 * WalletClaim.MaxConcurrent).Select(i => AskAsync(wallets, 100 + i, "192.0.2.1")).ToList();
        await Eventually.TrueAsync(() => node.Held == KnownCallers.EarnedPerYes + WalletClaim.MaxConcurrentStrangers);
        Assert.Equal(2 * WalletClaim.MaxConcurrent, asked.Count);
        node.Release();
    }

    [Fact]
    public async Task A_node_that_strangers_overload_backs_off_for_strangers_only()
    {
        using var node = new AnsweringNode(Yes);
        using var http = new HttpClient(node);
        var wallets = Wallets(http, new FakeTimeProvider());
        Assert.NotNull(await AskAsync(wallets, 1, "192.0.2.1"));
        node.IsBusy = true;
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AskAsync(wallets, 2, "198.51.100.1"));
        node.IsBusy = false;
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AskAsync(wallets, 3, "198.51.100.2"));
        Assert.NotNull(await AskAsync(wallets, 4, "192.0.2.1"));
    }

    [Fact]
    public async Task A_newcomer_gets_a_turn_however_much_others_ask_and_its_answer_on_the_retry()
    {
        using var node = new AnsweringNode(No);
        using var http = new HttpClient(node);
        var time = new FakeTimeProvider();
        var wallets = Wallets(http, time);
        var others = Enumerable.Range(0, 60 * WalletClaim.MaxWaitingPerCaller).Select(i => AskAsync(wallets, 1000 + i, $"198.51.100.{i % 60}")).ToList();
        var first = AskAsync(wallets, 1, "192.0.2.1");
        Exception? fault = null;
        for (var due = WalletClaim.StrangersPerSecond; node.IndexOf(1) < 0; due++)
        {
            // Wait for as many calls as are allowed by now, so that none seems slow when the clock advances.
            await Eventually.TrueAsync(() => node.Calls >= due - WalletClaim.MaxConcurrentStrangers);
            time.Advance(TimeSpan.FromMilliseconds(100));
            fault ??= first.IsCompleted ? await Record.ExceptionAsync(() => first) : null;
        }

        Assert.NotNull(((ChainUnavailableException)fault!).RetryAfter); // its four seconds are over
        await Eventually.TrueAsync(() => node.IndexOf(1) >= 0);
        Assert.InRange(node.IndexOf(1), 0, 60 + (3 * WalletClaim.StrangersPerSecond)); // one of each, and those in progress
        Assert.Null(await AskAsync(wallets, 1, "192.0.2.1")); // its answer is cached
        Assert.Equal(60 * WalletClaim.MaxWaitingPerCaller, others.Count);
    }

    [Fact]
    public async Task A_copy_sent_by_another_caller_does_not_decide_where_the_original_waits()
    {
        using var node = new AnsweringNode(Yes);
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var wallets = Wallets(http, new FakeTimeProvider());
        Assert.NotNull(await AskAsync(wallets, 1, "192.0.2.1")); // known from now on
        node.Hold();
        var strangers = Enumerable.Range(0, 40).Select(i => AskAsync(wallets, 100 + i, "198.51.100.1")).ToList();
        await Eventually.TrueAsync(() => node.Held == WalletClaim.MaxConcurrentStrangers);
        var copy = AskAsync(wallets, 2, "198.51.100.2");
        var host = AskAsync(wallets, 2, "192.0.2.1");
        await Eventually.TrueAsync(() => node.Held == WalletClaim.MaxConcurrentStrangers + 1);
        Assert.All(strangers.Take(WalletClaim.MaxConcurrentStrangers).Append(copy).Append(host), one => Assert.False(one.IsCompleted));
        node.Release();
        Assert.NotNull(await host);
    }

    [Fact]
    public async Task An_address_that_has_used_its_share_of_the_queue_is_refused_immediately()
    {
        using var node = new AnsweringNode(Yes) { IsHeld = true };
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var wallets = Wallets(http, new FakeTimeProvider());
        var asked = Enumerable.Range(0, WalletClaim.MaxConcurrentStrangers + WalletClaim.MaxWaitingPerCaller).Select(i => AskAsync(wallets, i, "192.0.2.1")).ToList();
        var fault = await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => AskAsync(wallets, 100, "192.0.2.1"));
        Assert.Contains("at most 8", fault.Message, StringComparison.Ordinal);
        asked.Add(AskAsync(wallets, 101, "192.0.2.2"));
        Assert.All(asked, one => Assert.False(one.IsCompleted));
    }

    [Fact]
    public async Task Calls_within_a_second_share_the_common_lookups()
    {
        using var node = new AnsweringNode(Yes);
        using var http = new HttpClient(node);
        var time = new FakeTimeProvider();
        var wallets = Wallets(http, time);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => AskAsync(wallets, i)));
        Assert.Equal(8, node.Calls);
        Assert.InRange(node.AllCalls, 10, 12); // for the chain and the block: of strangers, and of the caller known since the first answer
        var before = node.AllCalls;
        time.Advance(TimeSpan.FromSeconds(1));
        await AskAsync(wallets, 8);
        Assert.InRange(node.AllCalls - before, 2, 3);
    }

    [Fact]
    public async Task The_wallet_is_called_at_a_block_given_by_its_hash()
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
        time.Advance(RecentAnswers.RejectedTtl - TimeSpan.FromMilliseconds(1));
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
    public void The_cache_of_answers_is_bounded()
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

    private static Task<ChainBlock?> AskAsync(ContractWallets wallets, int content, string caller = "", int wallet = 0) =>
        wallets.FindBlockAsync(Of(wallet), [.. BitConverter.GetBytes(content), .. new byte[28]], caller, CancellationToken.None);

    /// <summary>Lets the wallet time out, at a node that holds back its answers.</summary>
    private static async Task SlowDownAsync(ContractWallets wallets, AnsweringNode node, FakeTimeProvider time)
    {
        var asked = AskAsync(wallets, 1);
        await Eventually.TrueAsync(() => node.Held == 1);
        time.Advance(ContractWallets.AnswerTimeout);
        Assert.Contains("did not answer", (await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => asked)).Message, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => node.Held == 0);
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

    /// <summary>Has the dev chain's id and is at block 42; gives every contract call the same answer.</summary>
    private sealed class AnsweringNode(string answer) : HttpMessageHandler
    {
        public static string BlockHash { get; } = $"0x{new string('a', 64)}";

        private readonly ConcurrentQueue<string> asked = new();
        private TaskCompletionSource? released;
        private int held, all;

        /// <summary>No wallet answers before <see cref="Release"/>.</summary>
        public bool IsHeld
        {
            init => Hold();
        }

        public int Held => Volatile.Read(ref held);

        /// <summary>Number of calls of wallets.</summary>
        public int Calls => asked.Count;

        public int AllCalls => Volatile.Read(ref all);

        public string? AskedAt { get; private set; }

        /// <summary>Answers 429 with a Retry-After of ten minutes.</summary>
        public bool IsBusy { get; set; }

        public void Hold() => released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => released!.TrySetResult();

        /// <returns>Index of the call with this hash; negative if there is none yet.</returns>
        public int IndexOf(int content) => asked.ToList().FindIndex(data => data[10..].StartsWith(Convert.ToHexStringLower(BitConverter.GetBytes(content)), StringComparison.Ordinal));

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var call = JsonElement.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
            Interlocked.Increment(ref all);
            if (released is not null && call.Text("method") == "eth_call")
            {
                Interlocked.Increment(ref held);
                await released.Task.WaitAsync(cancellationToken).ContinueWith(_ => Interlocked.Decrement(ref held), TaskScheduler.Default);
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (IsBusy)
            {
                return new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { { "Retry-After", "600" } } };
            }

            var text = "\"result\":\"0x7a69\"";
            if (call.Text("method") == "eth_getBlockByNumber")
            {
                text = $$"""
                    "result":{"number":"0x2a","timestamp":"0x1","hash":"{{BlockHash.ToUpperInvariant().Replace("0X", "0x", StringComparison.Ordinal)}}"}
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
