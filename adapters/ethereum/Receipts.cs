using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>The transaction reverted: the same call would fail again.</summary>
public sealed class TransactionRevertedException(string message) : ChainUnavailableException(message);

/// <param name="Contract">Address of the contract that the transaction created; null for a call.</param>
/// <param name="Logs">
/// Address, data and topics of each log, in lower case whatever the node writes; block and transaction are the
/// receipt's.
/// </param>
internal sealed record Receipt(string Transaction, long Block, string BlockHash, bool IsReverted, long GasUsed, string? Contract, JsonElement Logs)
{
    /// <summary>
    /// Equal when they report the same outcome: each node formats its JSON differently and adds members of its own.
    /// </summary>
    public bool Equals(Receipt? other) => other is not null
        && (Transaction, Block, BlockHash, IsReverted, GasUsed, Contract) == (other.Transaction, other.Block, other.BlockHash, other.IsReverted, other.GasUsed, other.Contract)
        && JsonElement.DeepEquals(Logs, other.Logs);

    public override int GetHashCode() => BlockHash.GetHashCode(StringComparison.Ordinal);
}

/// <param name="At">The block's own timestamp.</param>
internal sealed record Block(string Hash, DateTimeOffset At);

/// <summary>Reads receipts, blocks and transaction counts on which the nodes agree.</summary>
internal sealed class Receipts(JsonRpcClient rpc)
{
    private readonly Agreement agreement = new(rpc);

    /// <returns>Null when it is in no block, or the nodes disagree.</returns>
    public async Task<Receipt?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        try
        {
            return await AgreeAsync(hash, atLeast: 0, cancellationToken);
        }
        catch (NodesDisagreeException)
        {
            return null;
        }
    }

    /// <param name="atLeast">
    /// The transaction's block, or a later one; a node that has not reached it cannot vouch that there is no receipt.
    /// </param>
    /// <returns>Null when it is in no block.</returns>
    /// <exception cref="NodesDisagreeException" />
    public async Task<Receipt?> AgreeAsync(string hash, long atLeast, CancellationToken cancellationToken)
    {
        var receipt = await agreement.FindAsync(
            node => node.CallAsync("eth_getTransactionReceipt", Read, cancellationToken, hash), $"transaction {hash}", atLeast,
                cancellationToken);
        return receipt?.Transaction == hash ? receipt : null;
    }

    /// <returns>Null when there is no such block.</returns>
    /// <exception cref="NodesDisagreeException" />
    public Task<Block?> FindBlockAsync(long number, CancellationToken cancellationToken) => agreement.FindAsync(
        node => node.CallAsync("eth_getBlockByNumber", ReadBlock, cancellationToken, JsonRpcClient.Hex(number), false),
            $"block {number}", number, cancellationToken);

    /// <returns>The highest block that two nodes have, where there are two.</returns>
    public Task<long> HeightAsync(CancellationToken cancellationToken) => agreement.HeightAsync(cancellationToken);

    /// <returns>
    /// Number of the account's transactions in blocks: the highest that two nodes have reached, where there are two.
    /// </returns>
    public Task<long> CountAsync(EthereumAddress account, CancellationToken cancellationToken) =>
        agreement.HighestAsync(node => node.NumberAsync("eth_getTransactionCount", cancellationToken, account.ToString(),
            "latest"), maxSpread: 0);

    private static Block? ReadBlock(JsonElement block) => block.ValueKind == JsonValueKind.Null ? null : new Block(
        JsonRpcClient.Hash(block.GetProperty("hash")), DateTimeOffset.FromUnixTimeSeconds((long)JsonRpcClient.Quantity(block.GetProperty("timestamp"))));

    private static Receipt? Read(JsonElement receipt)
    {
        if (receipt.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return new Receipt(
            JsonRpcClient.Hash(receipt.GetProperty("transactionHash")),
            (long)JsonRpcClient.Quantity(receipt.GetProperty("blockNumber")),
            JsonRpcClient.Hash(receipt.GetProperty("blockHash")),
            receipt.GetProperty("status").GetString() != "0x1",
            (long)JsonRpcClient.Quantity(receipt.GetProperty("gasUsed")),
            receipt.TryGetProperty("contractAddress", out var contract) ? contract.GetString()?.ToLowerInvariant() : null,
            ReadLogs(receipt.GetProperty("logs")));
    }

    /// <summary>Normalises the spelling, so that what is compared between nodes is what is read afterwards.</summary>
    private static JsonElement ReadLogs(JsonElement logs) => JsonElement.Parse(new JsonArray([.. logs.EnumerateArray().Select(log => new JsonObject
    {
        ["address"] = Hex(log.GetProperty("address")),
        ["data"] = Hex(log.GetProperty("data")),
        ["topics"] = new JsonArray([.. log.GetProperty("topics").EnumerateArray().Select(topic => JsonValue.Create(Hex(topic)))]),
    })]).ToJsonString());

    private static string Hex(JsonElement value) => value.GetString() is { } text && text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? JsonRpcClient.Hex(Convert.FromHexString(text.AsSpan(2))) : throw new FormatException("Bytes must begin with 0x.");
}
