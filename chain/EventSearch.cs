using System.Text.Json;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;
using Nethereum.Hex.HexTypes;
using Nethereum.RPC.Eth.DTOs;

namespace CapOrleans.Chain;

/// <summary>
/// Looks for a contract's event from the newest block backwards, in windows: many providers refuse a wide range, and each has another limit.
/// </summary>
internal sealed class EventSearch(JsonRpcClient rpc, EthereumAddress contract, string[] topics)
{
    /// <summary>Blocks in the first window; half of it after each refusal.</summary>
    public const int Window = 10_000;

    /// <param name="since">The oldest block to look at.</param>
    /// <returns>The newest event as the node's JSON; null when there is none.</returns>
    /// <exception cref="ChainUnavailableException">The node refuses a single block.</exception>
    public async Task<JsonElement?> NewestAsync(long since, CancellationToken cancellationToken)
    {
        var window = Window;
        for (var to = await rpc.NumberAsync("eth_blockNumber", cancellationToken); to >= since;)
        {
            var from = Math.Max(since, to - window + 1);
            try
            {
                if (await FindAsync(from, to, cancellationToken) is { } log)
                {
                    return log;
                }

                to = from - 1;
            }
            catch (RpcErrorException) when (from < to)
            {
                window = (int)Math.Max(1, (to - from + 1) / 2);
            }
        }

        return null;
    }

    private async Task<JsonElement?> FindAsync(long from, long to, CancellationToken cancellationToken)
    {
        var filter = new NewFilterInput
        {
            Address = [$"{contract}"],
            FromBlock = new BlockParameter(new HexBigInteger(from)),
            ToBlock = new BlockParameter(new HexBigInteger(to)),
            Topics = topics,
        };
        var logs = await new Web3Client(rpc, cancellationToken).SendRequestAsync<JsonElement>("eth_getLogs", null, filter);
        return rpc.Read<JsonElement?>(logs, found => found.GetArrayLength() == 0 ? null : found[found.GetArrayLength() - 1]);
    }
}
