using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;
using Nethereum.Hex.HexTypes;
using Nethereum.RPC.Eth.DTOs;

namespace CapOrleans.Chain;

/// <summary>
/// Searches for a contract's event from the newest block backwards, in windows: many providers refuse a wide range,
/// each with a limit of its own.
/// </summary>
internal sealed class EventSearch(JsonRpcClient rpc, EthereumAddress contract, string[] topics, TimeProvider time)
{
    /// <summary>Blocks in the first window; halved after each refusal.</summary>
    public const int Window = 10_000;

    /// <summary>Time limit of a whole search, so that one slow node does not delay every log. 5 minutes.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    /// <summary>Selects among the events with these topics; all by default.</summary>
    public Func<JsonElement, bool> IsWanted { get; init; } = _ => true;

    /// <param name="blocks">
    /// The range to search. The nodes have agreed on its last block: this node alone could name any.
    /// </param>
    /// <returns>The transaction of the newest event; null when there is none.</returns>
    /// <exception cref="ChainUnavailableException">
    /// The node refuses even a single block, or the search timed out.
    /// </exception>
    public async Task<string?> NewestAsync(BlockRange blocks, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await SearchAsync(blocks, linked.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new ChainUnavailableException($"The search for an event at the chain node {rpc.Name} timed out " +
                $"after {Timeout.TotalMinutes:0} minutes; check RPC_URL.");
        }
    }

    private async Task<string?> SearchAsync(BlockRange blocks, CancellationToken cancellationToken)
    {
        var window = Window;
        for (var to = blocks.Last; to >= blocks.First;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var from = Math.Max(blocks.First, to - window + 1);
            try
            {
                if (await FindAsync(from, to, cancellationToken) is { } hash)
                {
                    return hash;
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

    private async Task<string?> FindAsync(long from, long to, CancellationToken cancellationToken)
    {
        var filter = new NewFilterInput
        {
            Address = [$"{contract}"],
            FromBlock = new BlockParameter(new HexBigInteger(from)),
            ToBlock = new BlockParameter(new HexBigInteger(to)),
            Topics = topics,
        };
        var logs = await new Web3Client(rpc, cancellationToken).SendRequestAsync<JsonElement>("eth_getLogs", null, filter);
        return rpc.Read(logs, found => found.EnumerateArray().Where(IsWanted).Select(log => JsonRpcClient.Hash(log.GetProperty("transactionHash"))).LastOrDefault());
    }
}
