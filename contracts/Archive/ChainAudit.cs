using Orleans;

namespace CapOrleans.Contracts.Archive;

/// <summary>An audit record in the form that the contract's <c>storeAudit</c> takes.</summary>
/// <param name="Id">The contract's <c>capId</c>; can be written only once.</param>
/// <param name="Hash">32 bytes.</param>
/// <param name="Cid">The contract's <c>ipfsHash</c>.</param>
[GenerateSerializer, Immutable, Alias("cap.chain-audit.v1")]
public sealed record ChainAudit([property: Id(0)] string Id, [property: Id(1)] byte[] Hash, [property: Id(2)] string Cid);
