using Orleans;

namespace CapOrleans.Contracts.Archive;

/// <summary>An audit record as <c>storeAudit</c> of the contract takes it.</summary>
/// <param name="Id">What the contract calls <c>capId</c>; written once.</param>
/// <param name="Hash">32 bytes.</param>
/// <param name="Cid">What the contract calls <c>ipfsHash</c>.</param>
[GenerateSerializer, Immutable, Alias("cap.chain-audit.v1")]
public sealed record ChainAudit([property: Id(0)] string Id, [property: Id(1)] byte[] Hash, [property: Id(2)] string Cid);
