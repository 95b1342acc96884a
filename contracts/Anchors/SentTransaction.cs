using Orleans;

namespace CapOrleans.Contracts.Anchors;

/// <summary>A transaction that was signed, and may have been sent. Prices in wei per gas.</summary>
/// <param name="To">Null to create a contract.</param>
/// <param name="Tip">For the block's proposer; null on a chain without a base fee.</param>
/// <param name="Cap">At most, tip included.</param>
/// <param name="Raw">As it was sent last.</param>
/// <param name="Hashes">In hex with 0x: its own, and those of what it replaced; any of them may be in a block. The newest comes last.</param>
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
