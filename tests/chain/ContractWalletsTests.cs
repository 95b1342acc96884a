using CapOrleans.Chain;
using CapOrleans.Chain.Rpc;
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
        var asked = wallets.FindBlockAsync(Claim, new byte[32], CancellationToken.None);
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
        var asked = Enumerable.Range(0, WalletClaim.AtOnce).Select(i => wallets.FindBlockAsync(Of(i / WalletClaim.AtOnceEach), new byte[32], CancellationToken.None)).ToList();
        await Assert.ThrowsAsync<ChainUnavailableException>(() => wallets.FindBlockAsync(Of(99), new byte[32], CancellationToken.None));
        time.Advance(ContractWallets.Patience);
        foreach (var one in asked)
        {
            await Assert.ThrowsAsync<ChainUnavailableException>(() => one);
        }

        var next = wallets.FindBlockAsync(Claim, new byte[32], CancellationToken.None); // the places are free again
        Assert.False(next.IsCompleted);
        time.Advance(ContractWallets.Patience);
        await Assert.ThrowsAsync<ChainUnavailableException>(() => next);
    }

    [Fact]
    public async Task Nonsense_in_one_wallet_s_name_keeps_no_other_from_being_asked()
    {
        using var node = new SilentNode();
        using var http = new HttpClient(node) { Timeout = Timeout.InfiniteTimeSpan };
        var time = new FakeTimeProvider();
        var wallets = new ContractWallets(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), AdmissionPolicy.DevChainId, time);
        var asked = Enumerable.Range(0, WalletClaim.AtOnceEach).Select(_ => wallets.FindBlockAsync(Claim, new byte[32], CancellationToken.None)).ToList();
        await Assert.ThrowsAsync<ChainUnavailableException>(() => wallets.FindBlockAsync(Claim, new byte[32], CancellationToken.None));
        asked.Add(wallets.FindBlockAsync(Of(1), new byte[32], CancellationToken.None));
        Assert.All(asked, one => Assert.False(one.IsCompleted));
        time.Advance(ContractWallets.Patience);
        foreach (var one in asked)
        {
            await Assert.ThrowsAsync<ChainUnavailableException>(() => one);
        }
    }

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
}
