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

        try
        {
            // At the newest block: what waits, perhaps this same batch, must not count.
            var estimate = await rpc.NumberAsync("eth_estimateGas", cancellationToken, call, "latest");
            return estimate <= ChainOptions.MaxGasPerTransaction
                ? Math.Min(estimate / 5 * 6, ChainOptions.MaxGasPerTransaction)
                : throw new BatchTooLargeException($"The batch needs {estimate} gas, a transaction has at most {ChainOptions.MaxGasPerTransaction}.");
        }
        catch (RpcErrorException fault) when (fault.Refusal == RpcRefusal.TooLarge)
        {
            throw new BatchTooLargeException(fault.Message, fault);
        }
    }
}
