using Orleans;

namespace CapOrleans.Contracts.Anchors;

/// <summary>A CapID in the form in which its token on the chain shows it.</summary>
/// <param name="Holder">Address that holds the token, EIP-55; null for the writer.</param>
/// <param name="Version">Version of the context.</param>
/// <param name="Keys">Keys that were valid when the context was read.</param>
[GenerateSerializer, Immutable, Alias("cap.mirrored-cap.v1")]
public sealed record MirroredCap(
    [property: Id(0)] string CapId,
    [property: Id(1)] string? Holder,
    [property: Id(2)] long Version,
    [property: Id(3)] IReadOnlyList<MirroredKey> Keys);

/// <param name="Hash">Keccak-256 of the 20 bytes of the key's address.</param>
/// <param name="Roles">Sum of 1 for reporter, 2 for responder and 4 for admin.</param>
[GenerateSerializer, Immutable, Alias("cap.mirrored-key.v1")]
public sealed record MirroredKey([property: Id(0)] byte[] Hash, [property: Id(1)] int Roles);

/// <summary>The contract that mirrors CapIDs.</summary>
/// <param name="Contract">Address of a CapNFT, EIP-55.</param>
public sealed record MirrorContract(long ChainId, string Contract);

/// <summary>
/// A transaction after which the contract has each CapID in the version that was sent or a newer one.
/// </summary>
/// <param name="BlockHash">In hex with 0x.</param>
/// <param name="Ahead">CapIDs for which the contract already had a newer version.</param>
[GenerateSerializer, Immutable, Alias("cap.mirror-confirmation.v1")]
public sealed record MirrorConfirmation(
    [property: Id(0)] long ChainId,
    [property: Id(1)] string Contract,
    [property: Id(2)] string Transaction,
    [property: Id(3)] long Block,
    [property: Id(4)] string BlockHash,
    [property: Id(5)] long GasUsed,
    [property: Id(6)] IReadOnlyList<string> Ahead);

/// <summary>The outcome of mirroring CapIDs.</summary>
/// <param name="Confirmed">Null when nothing was sent.</param>
/// <param name="TooLarge">Why fewer CapIDs must be sent at a time; null otherwise.</param>
[GenerateSerializer, Immutable, Alias("cap.mirror-result.v1")]
public sealed record MirrorResult([property: Id(0)] MirrorConfirmation? Confirmed, [property: Id(1)] string? TooLarge = null);
