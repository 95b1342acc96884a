using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>Gives signed transactions to nodes.</summary>
internal sealed class Submission(JsonRpcClient rpc)
{
    /// <summary>Whether it arrived, only its receipt says: an answer that is lost or a refusal of what was sent before changes nothing.</summary>
    public async Task<RpcErrorException?> SubmitAsync(byte[] raw, CancellationToken cancellationToken)
    {
        try
        {
            await rpc.CallAsync("eth_sendRawTransaction", cancellationToken, JsonRpcClient.Hex(raw));
            return null;
        }
        catch (RpcErrorException fault) when (IsOnItsWay(fault))
        {
            return fault;
        }
    }

    /// <summary>A node that took it has perhaps passed it on to nobody: what is sent again is sent to each.</summary>
    /// <returns>What those have against it that know it already; null for nothing.</returns>
    /// <exception cref="RpcErrorException">All that answer refuse it.</exception>
    public async Task<RpcErrorException?> RepeatAsync(byte[] raw, CancellationToken cancellationToken)
    {
        var faults = await Task.WhenAll(rpc.Each.Select(SubmitToAsync));
        return Array.Exists(faults, fault => fault is null) ? null
            : faults.OfType<RpcErrorException>().FirstOrDefault(IsOnItsWay)
            ?? throw (faults.OfType<RpcErrorException>().FirstOrDefault() ?? faults[0]!);

        async Task<ChainUnavailableException?> SubmitToAsync(JsonRpcClient node)
        {
            try
            {
                await node.CallAsync("eth_sendRawTransaction", cancellationToken, JsonRpcClient.Hex(raw));
                return null;
            }
            catch (ChainUnavailableException fault)
            {
                return fault;
            }
        }
    }

    /// <summary>Known, in a block, or waiting beside another of the same nonce, which is paid more for with time.</summary>
    public static bool IsOnItsWay(RpcErrorException fault) => fault.Refusal is RpcRefusal.AlreadyKnown or RpcRefusal.NonceTooLow or RpcRefusal.Underpriced;
}
