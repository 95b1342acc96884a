using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>
/// Gives signed transactions to all nodes: one that takes it has perhaps passed it on to nobody, and one that refuses it perhaps refuses
/// everything. Whether it arrived, only its receipt says.
/// </summary>
internal sealed class Submission(JsonRpcClient rpc)
{
    /// <returns>What those have against it that know it already, or something in its place; null when one took it.</returns>
    /// <exception cref="RpcErrorException">All that answer refuse it.</exception>
    /// <exception cref="ChainUnavailableException">None answers.</exception>
    public async Task<RpcErrorException?> SendAsync(byte[] raw, CancellationToken cancellationToken)
    {
        var (answers, last) = await EachNode.AskAsync(rpc, AskAsync);
        var refusals = answers.OfType<RpcErrorException>().ToList();
        return answers.Count == 0 ? throw last!
            : refusals.Count < answers.Count ? null
            : refusals.Find(IsOnItsWay) ?? throw EachNode.Heard(rpc, refusals, 0, refusal => refusal.Refusal == RpcRefusal.TooLarge);

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

    /// <summary>Known, in a block, or waiting beside another of the same nonce, which is paid more for with time.</summary>
    public static bool IsOnItsWay(RpcErrorException fault) => fault.Refusal is RpcRefusal.AlreadyKnown or RpcRefusal.NonceTooLow or RpcRefusal.Underpriced;
}
