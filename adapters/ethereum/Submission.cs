using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>
/// Sends a signed transaction to all nodes: one that accepts it may never propagate it, and one that refuses it may
/// refuse everything. Only its receipt shows whether it was mined.
/// </summary>
internal sealed class Submission(JsonRpcClient rpc)
{
    /// <returns>
    /// The refusal of a node that knows it already, or has another in its place; null when a node accepted it.
    /// </returns>
    /// <exception cref="RpcErrorException">All nodes that answer refuse it.</exception>
    /// <exception cref="ChainUnavailableException">No node answers.</exception>
    public async Task<RpcErrorException?> SendAsync(byte[] raw, CancellationToken cancellationToken)
    {
        var (answers, last) = await EachNode.AskAsync(rpc, AskAsync);
        var refusals = answers.OfType<RpcErrorException>().ToList();
        return answers.Count == 0 ? throw last!
            : refusals.Count < answers.Count ? null
            : refusals.Find(IsOnItsWay) ?? throw EachNode.PickRefusal(rpc, refusals, 0, refusal => refusal.Refusal == RpcRefusal.TooLarge);

        async Task<RpcErrorException?> AskAsync(JsonRpcClient node)
        {
            try
            {
                await node.CallAsync("eth_sendRawTransaction", cancellationToken, JsonRpcClient.Hex(raw));
                return null;
            }
            catch (RpcErrorException refusal)
            {
                return refusal;
            }
        }
    }

    /// <summary>
    /// Whether a refused transaction is on its way nevertheless: known, in a block, or competing with another of the
    /// same nonce, until its fee is raised.
    /// </summary>
    public static bool IsOnItsWay(RpcErrorException fault) => fault.Refusal is RpcRefusal.AlreadyKnown or RpcRefusal.NonceTooLow or RpcRefusal.Underpriced;
}
