using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>How much gas a transaction gets: what the node expects and a fifth more, and never more than the chain allows one of them.</summary>
internal sealed class GasLimits(JsonRpcClient rpc, string sender)
{
    /// <exception cref="BatchTooLargeException">No transaction may use so much.</exception>
    /// <exception cref="RpcErrorException">The contract refuses the call.</exception>
    public async Task<long> EstimateAsync(EthereumAddress? to, byte[] data, CancellationToken cancellationToken)
    {
        var call = new JsonObject { ["from"] = sender, ["data"] = JsonRpcClient.Hex(data) };
        if (to is not null)
        {
            call["to"] = to.Value.ToString();
        }

        // At the newest block: what waits, perhaps this same batch, must not count.
        var (estimate, refused) = (long.MaxValue, (RpcErrorException?)null);
        try
        {
            estimate = await AskAsync(rpc, call, cancellationToken);
        }
        catch (RpcErrorException fault) when (fault.Refusal == RpcRefusal.Reverted)
        {
            refused = fault;
        }

        foreach (var node in estimate > ChainOptions.MaxGasPerTransaction && rpc.Each.Count > 1 ? rpc.Each : [])
        {
            try
            {
                estimate = Math.Min(estimate, await AskAsync(node, call, cancellationToken)); // one alone makes nothing too large, and refuses nothing
            }
            catch (ChainUnavailableException)
            {
                // It has no say.
            }
        }

        return estimate <= ChainOptions.MaxGasPerTransaction ? Math.Min(estimate / 5 * 6, ChainOptions.MaxGasPerTransaction)
            : refused is not null ? throw refused
            : throw new BatchTooLargeException($"The batch needs more gas than a transaction has, {ChainOptions.MaxGasPerTransaction}.");
    }

    /// <returns>More than any transaction may have where the node says so, or does not say how much.</returns>
    private static async Task<long> AskAsync(JsonRpcClient node, JsonObject call, CancellationToken cancellationToken)
    {
        try
        {
            return await node.NumberAsync("eth_estimateGas", cancellationToken, call, "latest");
        }
        catch (RpcErrorException fault) when (fault.Refusal == RpcRefusal.TooLarge)
        {
            return long.MaxValue;
        }
    }
}
