using System.Numerics;
using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>
/// Estimates the gas limit of a transaction: what the nodes expect plus a fifth, and never more than the chain allows
/// for one. All nodes are asked: a single one that expects too little would have it mined and fail; one that expects
/// too much, or refuses, would keep it from being sent.
/// </summary>
internal sealed class GasLimits(JsonRpcClient rpc, string sender)
{
    /// <exception cref="BatchTooLargeException">
    /// The call needs more gas or bytes than a transaction may have.
    /// </exception>
    /// <exception cref="RpcErrorException">The contract refuses the call.</exception>
    public async Task<long> EstimateAsync(EthereumAddress? to, byte[] data, CancellationToken cancellationToken)
    {
        var call = new JsonObject { ["from"] = sender, ["data"] = JsonRpcClient.Hex(data) };
        if (to is not null)
        {
            call["to"] = to.Value.ToString();
        }

        var (answers, last) = await EachNode.AskAsync(rpc, node => AskAsync(node, call, cancellationToken), areNear: AreNear);
        var estimates = answers.Where(answer => answer.Gas is not null).Select(answer => answer.Gas!.Value).ToList();
        var refusals = answers.Where(answer => answer.Refusal is not null).Select(answer => answer.Refusal!).ToList();
        if (estimates.Count < EachNode.Quorum(rpc))
        {
            throw refusals.Count == 0 ? last! : EachNode.PickRefusal(rpc, refusals, estimates.Count,
                fault => fault is BatchTooLargeException);
        }

        if (estimates.Count == 2 && !AreNear(estimates))
        {
            throw new NodesDisagreeException($"Two nodes of RPC_URL estimate {estimates.Min()} and {estimates.Max()} " +
                "gas, and no third node answers to decide.");
        }

        return Math.Min(EachNode.Median(estimates) / 5 * 6, ChainOptions.MaxGasPerTransaction);
    }

    /// <summary>Whether all expect about the same, within a factor of 2, or all refuse.</summary>
    private static bool AreNear(List<(long? Gas, ChainUnavailableException? Refusal)> answers) =>
        answers.Select(answer => answer.Gas is null).Distinct().Count() == 1
        && AreNear([.. answers.Select(answer => answer.Gas ?? 0)]);

    private static bool AreNear(List<long> estimates) => EachNode.AreWithin([.. estimates.Select(gas => new BigInteger(gas))], 2, 0);

    private static async Task<(long? Gas, ChainUnavailableException? Refusal)> AskAsync(
        JsonRpcClient node, JsonObject call, CancellationToken cancellationToken)
    {
        try
        {
            // At the newest block: pending transactions, perhaps this very batch, must not count.
            var gas = await node.NumberAsync("eth_estimateGas", cancellationToken, call, "latest");
            return gas is >= 0 and <= ChainOptions.MaxGasPerTransaction ? (gas, null)
                : (null, new BatchTooLargeException(
                    $"The batch needs {gas} gas, but a transaction may use at most {ChainOptions.MaxGasPerTransaction}."));
        }
        catch (RpcErrorException fault) when (fault.Refusal == RpcRefusal.TooLarge)
        {
            return (null, new BatchTooLargeException(fault.Message, fault));
        }
        catch (RpcErrorException fault)
        {
            return (null, fault);
        }
    }
}
