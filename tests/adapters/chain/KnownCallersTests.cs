using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Chain;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Chain;

/// <summary>How much the holder of a contract wallet's key may cost the chain's nodes.</summary>
public sealed class KnownCallersTests
{
    [Fact]
    public void The_holder_of_a_wallet_s_key_gets_a_limited_number_of_calls()
    {
        var (wallet, time) = (Wallet(1), new FakeTimeProvider());
        var known = new KnownCallers(time);
        var callers = Enumerable.Range(0, 8).Select(i => $"192.0.2.{i}").ToList();
        int Used() => callers.Sum(caller =>
        {
            var used = 0;
            for (known.Earn(caller, wallet); known.TryUse(caller, wallet); used++)
            {
                known.Earn(caller, wallet); // each answer is a yes
            }

            return used;
        });
        Assert.Equal(KnownCallers.Burst + 1, Used());
        Assert.Equal(0, Used());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(KnownCallers.PerSecond, Used());
        known.Earn("192.0.2.0", Wallet(2));
        Assert.True(known.TryUse("192.0.2.0", Wallet(2)));
    }

    [Fact]
    public async Task A_node_that_is_rate_limited_for_wallets_still_answers_for_anchors()
    {
        using var node = new BusyNode();
        using var http = new HttpClient(node);
        var rpc = new JsonRpcClient(http, new Uri("http://127.0.0.1:1/"));
        var wallets = new ContractWallets(rpc, AdmissionPolicy.DevChainId, new FakeTimeProvider());
        Task<ChainBlock?> AskAsync(byte content) =>
            wallets.FindBlockAsync(new WalletClaim(Wallet(1), [1]), [.. new byte[31], content], "192.0.2.1", default);
        Assert.NotNull(await AskAsync(1)); // known from now on
        node.IsBusy = true;
        await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => AskAsync(2));
        node.IsBusy = false;
        Assert.Equal(AdmissionPolicy.DevChainId, await rpc.NumberAsync("eth_chainId", default));
    }

    private static EthereumAddress Wallet(byte number) => new([.. new byte[19], number]);

    /// <summary>A node of the dev chain, whose wallets accept every signature.</summary>
    private sealed class BusyNode : HttpMessageHandler
    {
        public bool IsBusy { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            IsBusy ? new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { { "Retry-After", "600" } } }
            : FaultyNode.Result(JsonElement.Parse(await request.Content!.ReadAsByteArrayAsync(cancellationToken)).Text("method") switch
            {
                "eth_call" => $"0x1626ba7e{new string('0', 56)}",
                "eth_getBlockByNumber" => new JsonObject { ["number"] = "0x2a", ["timestamp"] = "0x1", ["hash"] = $"0x{new string('a', 64)}" },
                _ => "0x7a69",
            });
    }
}
