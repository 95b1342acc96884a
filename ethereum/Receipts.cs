using System.Text.Json;
using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>The contract ran and failed: the same again would fail again.</summary>
public sealed class TransactionRevertedException(string message) : ChainUnavailableException(message);

/// <param name="Contract">That the transaction made; null for a call.</param>
/// <param name="Logs">Of the node's JSON.</param>
internal sealed record Receipt(string Transaction, long Block, string BlockHash, bool IsReverted, long GasUsed, string? Contract, JsonElement Logs);

/// <param name="At">Its own time.</param>
internal sealed record Block(string Hash, DateTimeOffset At);

/// <summary>What became of transactions. Where there are several nodes, two must say the same.</summary>
internal sealed class Receipts(JsonRpcClient rpc)
{
    /// <returns>Null when no block has it, or the nodes do not agree.</returns>
    public async Task<Receipt?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        if (rpc.Urls.Count < 2)
        {
            return Read(await rpc.CallAsync("eth_getTransactionReceipt", cancellationToken, hash));
        }

        var answers = new List<Receipt?>(rpc.Urls.Count);
        ChainUnavailableException? last = null;
        foreach (var url in rpc.Urls)
        {
            try
            {
                answers.Add(Read(await rpc.CallAsync(url, "eth_getTransactionReceipt", [hash], cancellationToken)));
                if (answers[^1] is { } found && answers.Count(other => IsSame(found, other)) == 2)
                {
                    return found;
                }
            }
            catch (ChainUnavailableException fault)
            {
                last = fault;
            }
        }

        return answers.Count > 0 ? null : throw last!;
    }

    /// <returns>Null when there is no such block.</returns>
    public async Task<Block?> FindBlockAsync(long number, CancellationToken cancellationToken) => rpc.Read(
        await rpc.CallAsync("eth_getBlockByNumber", cancellationToken, JsonRpcClient.Hex(number), false),
        found => found.ValueKind == JsonValueKind.Null ? null : new Block(
            JsonRpcClient.Hash(found.GetProperty("hash")), DateTimeOffset.FromUnixTimeSeconds((long)JsonRpcClient.Quantity(found.GetProperty("timestamp")))));

    private static bool IsSame(Receipt left, Receipt? right) =>
        right is not null && (left.BlockHash, left.IsReverted) == (right.BlockHash, right.IsReverted);

    private Receipt? Read(JsonElement answer) => rpc.Read(answer, receipt => receipt.ValueKind == JsonValueKind.Null ? null : new Receipt(
        JsonRpcClient.Hash(receipt.GetProperty("transactionHash")),
        (long)JsonRpcClient.Quantity(receipt.GetProperty("blockNumber")),
        JsonRpcClient.Hash(receipt.GetProperty("blockHash")),
        receipt.GetProperty("status").GetString() != "0x1",
        (long)JsonRpcClient.Quantity(receipt.GetProperty("gasUsed")),
        receipt.TryGetProperty("contractAddress", out var contract) ? contract.GetString() : null,
        receipt.GetProperty("logs")));
}
