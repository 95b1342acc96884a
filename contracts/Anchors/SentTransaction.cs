using Orleans;

namespace CapOrleans.Contracts.Anchors;

/// <summary>A transaction that was signed and may have been sent. Prices are in wei per gas.</summary>
/// <param name="To">Null for a contract creation.</param>
/// <param name="Tip">Priority fee for the block's proposer; null on a chain without a base fee.</param>
/// <param name="Cap">Maximum price, tip included.</param>
/// <param name="Raw">The signed bytes as last sent.</param>
/// <param name="Hashes">In hex with 0x, the newest last: the transaction's own hash and those of the ones it replaced.
/// Any of them may be in a block.</param>
[GenerateSerializer, Immutable, Alias("cap.sent-transaction.v1")]
public sealed record SentTransaction(
    [property: Id(0)] long Nonce,
    [property: Id(1)] string? To,
    [property: Id(2)] byte[] Data,
    [property: Id(3)] long GasLimit,
    [property: Id(4)] long? Tip,
    [property: Id(5)] long Cap,
    [property: Id(6)] byte[] Raw,
    [property: Id(7)] IReadOnlyList<string> Hashes);
