using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Chain;

/// <summary>How much gas a transaction may use, and what is paid for it.</summary>
public sealed class GasTests
{
    private const long Gwei = 1_000_000_000;

    [Fact]
    public async Task An_estimate_above_what_a_transaction_may_use_is_too_large()
    {
        await Assert.ThrowsAsync<BatchTooLargeException>(() => EstimateAsync(ChainOptions.MaxGasPerTransaction + 1));
    }

    [Theory]
    [InlineData(100_000, 120_000)]
    [InlineData(16_000_000, 16_777_216)] // the added fifth stops at what the chain allows
    public async Task The_gas_limit_is_a_fifth_above_the_estimate_but_within_the_chain_s_maximum(long expected, long limit)
    {
        Assert.Equal(limit, await EstimateAsync(expected));
    }

    [Fact]
    public async Task The_very_first_price_stays_within_the_settings()
    {
        using var http = new HttpClient(new Answers(new Dictionary<string, JsonNode>
        {
            ["eth_getBlockByNumber"] = new JsonObject { ["baseFeePerGas"] = JsonRpcClient.Hex(Gwei) },
            ["eth_maxPriorityFeePerGas"] = JsonRpcClient.Hex(Gwei),
        }));
        var price = await new GasPrices(new JsonRpcClient(http, new Uri("http://node.example")), maxFeeGwei: 2).CurrentAsync(default);
        Assert.Equal((Gwei, 2 * Gwei), (price.Tip, price.Cap)); // twice the base fee and the tip would be 3
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_quantity_has_256_bits_at_most(int digits, bool isTaken)
    {
        var quantity = JsonElement.Parse($"\"0x{new string('f', digits)}\"");
        Assert.Equal(isTaken, Record.Exception(() => JsonRpcClient.Quantity(quantity)) is not FormatException);
    }

    private static async Task<long> EstimateAsync(long gas)
    {
        using var http = new HttpClient(new Answers(new Dictionary<string, JsonNode> { ["eth_estimateGas"] = JsonRpcClient.Hex(gas) }));
        return await new GasLimits(new JsonRpcClient(http, new Uri("http://node.example")), $"{PrivateKey.Create().Address}")
            .EstimateAsync(null, [1], default);
    }

    private sealed class Answers(Dictionary<string, JsonNode> byMethod) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var call = JsonElement.Parse(await request.Content!.ReadAsByteArrayAsync(cancellationToken));
            return FaultyNode.Result(byMethod[call.Text("method")].DeepClone());
        }
    }
}
