using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>
/// How much gas a transaction gets: what the nodes expect and a fifth more, and never more than the chain allows one of them. All are asked:
/// one alone that expects too little would have it mined and fail, one that expects too much or refuses would have it never sent.
/// </summary>
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

        var answers = await Task.WhenAll(rpc.Each.Select(node => AskAsync(node, call, cancellationToken)));
        var estimates = answers.Where(answer => answer.Gas is not null).Select(answer => answer.Gas!.Value).Order().ToList();
        var faults = answers.Where(answer => answer.Fault is not null).Select(answer => answer.Fault!).ToList();
        var quorum = Math.Min(2, answers.Length);
        if (estimates.Count == 0 || (estimates.Count < quorum && faults.Count(fault => fault is RpcErrorException or BatchTooLargeException) >= quorum))
        {
            throw faults.Find(fault => fault is BatchTooLargeException) ?? faults.Find(fault => fault is RpcErrorException) ?? faults[0];
        }

        var estimate = estimates.Count < 3 ? estimates[^1] : estimates[estimates.Count / 2];
        return Math.Min(estimate / 5 * 6, ChainOptions.MaxGasPerTransaction);
    }

    private static async Task<(long? Gas, ChainUnavailableException? Fault)> AskAsync(JsonRpcClient node, JsonObject call, CancellationToken cancellationToken)
    {
        try
        {
            // At the newest block: what waits, perhaps this same batch, must not count.
            var gas = await node.NumberAsync("eth_estimateGas", cancellationToken, call, "latest");
            return gas is >= 0 and <= ChainOptions.MaxGasPerTransaction ? (gas, null)
                : (null, new BatchTooLargeException($"The batch needs {gas} gas, a transaction has at most {ChainOptions.MaxGasPerTransaction}."));
        }
        catch (RpcErrorException fault) when (fault.Refusal == RpcRefusal.TooLarge)
        {
            return (null, new BatchTooLargeException(fault.Message, fault));
        }
        catch (ChainUnavailableException fault)
        {
            return (null, fault);
        }
    }
}
