using System.Numerics;
using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Ethereum.Transactions;

namespace CapOrleans.Ethereum;

/// <summary>What the chain asks for a place in one of its next blocks, and what the settings allow.</summary>
internal sealed class GasPrices(JsonRpcClient rpc, int maxFeeGwei)
{
    private const long Gwei = 1_000_000_000;

    /// <summary>Blocks whose tips are looked at where a node suggests none.</summary>
    private const int HistoryBlocks = 10;

    private long Most => maxFeeGwei * Gwei;

    /// <exception cref="ChainUnavailableException">The chain asks more than the settings allow.</exception>
    public async Task<GasPrice> NowAsync(CancellationToken cancellationToken)
    {
        var newest = await rpc.CallAsync("eth_getBlockByNumber", cancellationToken, "latest", false);
        var baseFee = rpc.Read(newest, block => block.TryGetProperty("baseFeePerGas", out var fee) && fee.ValueKind != System.Text.Json.JsonValueKind.Null ? JsonRpcClient.Quantity(fee) : (BigInteger?)null);
        if (baseFee is null)
        {
            return new GasPrice(null, Within(await rpc.QuantityAsync("eth_gasPrice", cancellationToken)));
        }

        var tip = await TipAsync(cancellationToken);
        var asked = Within(baseFee.Value + tip);
        // Twice the base fee: six full blocks long, a transaction stays in the next one's reach.
        return new GasPrice((long)BigInteger.Min(tip, asked), (long)BigInteger.Min((baseFee.Value * 2) + tip, Most));
    }

    /// <summary>
    /// A quarter more, of which nodes ask for a tenth; at least what the chain asks now. Where the settings allow no more in all, at least
    /// the tip: a node that asks for more of it has never taken the transaction, and takes it then.
    /// </summary>
    /// <returns>Null when the settings allow no more.</returns>
    public GasPrice? Raise(GasPrice paid, GasPrice now)
    {
        var cap = Math.Min(Math.Max(paid.Cap + (paid.Cap / 4) + 1, now.Cap), Most);
        if (cap >= paid.Cap + ((paid.Cap + 9) / 10))
        {
            return new GasPrice(paid.Tip is { } tip ? Math.Min(Math.Max(tip + (tip / 4) + 1, now.Tip ?? 0), cap) : null, cap);
        }

        return now.Tip > paid.Tip ? new GasPrice(Math.Min(now.Tip.Value, paid.Cap), paid.Cap) : null;
    }

    public ChainUnavailableException TooDear(BigInteger asked) => new(
        $"The chain asks {(asked + Gwei - 1) / Gwei} gwei, Chain__MaxFeeGwei is {maxFeeGwei}: nothing is sent until it asks less.");

    private long Within(BigInteger asked) => asked <= Most ? (long)asked : throw TooDear(asked);

    private async Task<BigInteger> TipAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await rpc.QuantityAsync("eth_maxPriorityFeePerGas", cancellationToken);
        }
        catch (RpcErrorException)
        {
            // Not every node has it: what was paid lately is as good.
        }

        try
        {
            var history = await rpc.CallAsync("eth_feeHistory", cancellationToken, JsonRpcClient.Hex(HistoryBlocks), "latest", new JsonArray(50));
            var tips = rpc.Read(history, past => past.GetProperty("reward").EnumerateArray().Select(block => JsonRpcClient.Quantity(block[0])).Order().ToList());
            return tips.Count > 0 ? tips[tips.Count / 2] : Gwei;
        }
        catch (RpcErrorException)
        {
            return Gwei;
        }
    }
}
