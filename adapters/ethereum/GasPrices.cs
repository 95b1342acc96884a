using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Ethereum.Transactions;

namespace CapOrleans.Ethereum;

/// <summary>
/// The price of inclusion in one of the next blocks, as far as the settings allow. All nodes are asked: a single one
/// that asks too much would keep everything from being sent.
/// </summary>
internal sealed class GasPrices(JsonRpcClient rpc, int maxFeeGwei)
{
    private const long Gwei = 1_000_000_000;

    /// <summary>Blocks whose tips are examined when a node suggests none.</summary>
    private const int HistoryBlocks = 10;

    private long MaxPrice => maxFeeGwei * Gwei;

    /// <exception cref="ChainUnavailableException">
    /// The chain asks more than the settings allow, or too few nodes answer.
    /// </exception>
    public async Task<GasPrice> CurrentAsync(CancellationToken cancellationToken)
    {
        var (answers, last) = await EachNode.AskAsync(rpc, node => AskAsync(node, cancellationToken), areNear: AreNear);
        if (answers.Count < EachNode.Quorum(rpc))
        {
            throw last!; // a single node of several could ask for anything
        }

        var withBaseFee = answers.Where(answer => answer.BaseFee is not null).ToList();
        if (withBaseFee.Count * 2 < answers.Count)
        {
            var prices = answers.Where(answer => answer.BaseFee is null).Select(answer => answer.Tip);
            return new GasPrice(null, RequireWithinMax(MedianOrLower([.. prices])));
        }

        var baseFee = MedianOrLower([.. withBaseFee.Select(answer => answer.BaseFee!.Value)]);
        var tip = MedianOrLower([.. withBaseFee.Select(answer => answer.Tip)]);
        var asked = RequireWithinMax(baseFee + tip);
        // Twice the base fee keeps the transaction includable through six full blocks in a row.
        return new GasPrice((long)BigInteger.Min(tip, asked), (long)BigInteger.Min((baseFee * 2) + tip, MaxPrice));
    }

    /// <summary>Whether the prices differ no more than those of the same minute do.</summary>
    private static bool AreNear(List<NodePrice> prices) =>
        prices.Select(price => price.BaseFee is null).Distinct().Count() == 1
        && EachNode.AreWithin([.. prices.Select(price => price.BaseFee ?? 0)], 2, Gwei)
        && EachNode.AreWithin([.. prices.Select(price => price.Tip)], 2, Gwei);

    /// <summary>
    /// Raises a price by a quarter, where nodes require a tenth; at least to what the chain asks now. When the settings
    /// allow no higher total, raises only the tip to the current one: a node that requires a higher tip has never
    /// accepted the transaction, and accepts it then.
    /// </summary>
    /// <returns>Null when the settings allow no higher price.</returns>
    public GasPrice? Raise(GasPrice paid, GasPrice now)
    {
        var cap = Math.Min(Math.Max(paid.Cap + (paid.Cap / 4) + 1, now.Cap), MaxPrice);
        if (cap >= paid.Cap + ((paid.Cap + 9) / 10))
        {
            return new GasPrice(paid.Tip is { } tip ? Math.Min(Math.Max(tip + (tip / 4) + 1, now.Tip ?? 0), cap) : null, cap);
        }

        return now.Tip > paid.Tip ? new GasPrice(Math.Min(now.Tip.Value, paid.Cap), paid.Cap) : null;
    }

    public ChainUnavailableException TooExpensive(BigInteger asked) => new(
        $"The chain's gas price is {(asked + Gwei - 1) / Gwei} gwei, above Chain__MaxFeeGwei ({maxFeeGwei}): nothing " +
            "is sent until it falls.");

    /// <summary>
    /// Returns the median, or the lower of two that are far apart when no third node answers: too low a price is raised
    /// later, but what was paid is gone.
    /// </summary>
    private static BigInteger MedianOrLower(IReadOnlyCollection<BigInteger> prices) =>
        prices.Count == 2 && !EachNode.AreWithin(prices, 2, Gwei) ? prices.Min() : EachNode.Median(prices);

    private long RequireWithinMax(BigInteger asked) => asked <= MaxPrice ? (long)asked : throw TooExpensive(asked);

    private static async Task<NodePrice> AskAsync(JsonRpcClient node, CancellationToken cancellationToken)
    {
        var baseFee = await node.CallAsync("eth_getBlockByNumber", BaseFee, cancellationToken, "latest", false);
        var tip = baseFee is null ? await node.QuantityAsync("eth_gasPrice", cancellationToken) : await TipAsync(node, cancellationToken);
        return new NodePrice(baseFee, tip);
    }

    private static BigInteger? BaseFee(JsonElement block) =>
        block.TryGetProperty("baseFeePerGas", out var fee) && fee.ValueKind != JsonValueKind.Null ? JsonRpcClient.Quantity(fee) : null;

    private static async Task<BigInteger> TipAsync(JsonRpcClient node, CancellationToken cancellationToken)
    {
        try
        {
            return await node.QuantityAsync("eth_maxPriorityFeePerGas", cancellationToken);
        }
        catch (RpcErrorException)
        {
            // Not every node has this method: tips that were paid recently do as well.
        }

        try
        {
            var tips = await node.CallAsync(
                "eth_feeHistory",
                past => past.GetProperty("reward").EnumerateArray().Select(block => JsonRpcClient.Quantity(block[0])).ToList(),
                cancellationToken, JsonRpcClient.Hex(HistoryBlocks), "latest", new JsonArray(50));
            return tips.Count > 0 ? EachNode.Median(tips) : Gwei;
        }
        catch (RpcErrorException)
        {
            return Gwei;
        }
    }

    /// <summary>The price that one node asks.</summary>
    /// <param name="BaseFee">Null on a chain without one; then <paramref name="Tip"/> is the whole price.</param>
    private sealed record NodePrice(BigInteger? BaseFee, BigInteger Tip);
}
