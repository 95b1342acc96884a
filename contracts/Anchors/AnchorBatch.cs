using Orleans;

namespace CapOrleans.Contracts.Anchors;

/// <param name="IncidentKey">Keccak-256 of <c>capId/incidentId</c>.</param>
/// <param name="CapKey">Keccak-256 of the CapID.</param>
/// <param name="AuditHash">32 bytes.</param>
/// <param name="SeverityRank">0 normal, 1 high, 2 escalated, 3 critical.</param>
[GenerateSerializer, Immutable, Alias("cap.anchored-incident.v1")]
public sealed record AnchoredIncident(
    [property: Id(0)] byte[] IncidentKey,
    [property: Id(1)] byte[] CapKey,
    [property: Id(2)] byte[] AuditHash,
    [property: Id(3)] long Index,
    [property: Id(4)] int SeverityRank,
    [property: Id(5)] decimal DeltaCap);

/// <summary>The full record of an incident, as legacy readers get it from <c>getIncident</c>.</summary>
/// <param name="RecordHash">Keccak-256 of the canonical record with its dCap, 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("cap.full-record.v1")]
public sealed record FullRecord(
    [property: Id(0)] string IncidentId,
    [property: Id(1)] string CapId,
    [property: Id(2)] string Agent,
    [property: Id(3)] string Severity,
    [property: Id(4)] byte[] RecordHash,
    [property: Id(5)] string Cid,
    [property: Id(6)] decimal DeltaCap);

/// <summary>The part of a log that one transaction anchors.</summary>
/// <param name="LogName">Name of the log on the chain: its origin, unless anchoring was
/// restarted under another name.</param>
/// <param name="From">Index of the first entry; must equal the contract's position for this log.</param>
/// <param name="Root">The log's root at <paramref name="Size"/> entries; Size is at least To.</param>
[GenerateSerializer, Immutable, Alias("cap.anchor-batch.v1")]
public sealed record AnchorBatch(
    [property: Id(0)] string LogName,
    [property: Id(1)] long From,
    [property: Id(2)] long To,
    [property: Id(3)] byte[] Root,
    [property: Id(4)] long Size,
    [property: Id(5)] IReadOnlyList<AnchoredIncident> Incidents,
    [property: Id(6)] IReadOnlyList<FullRecord> Records);

/// <summary>The restart of a log's anchoring under another key.</summary>
/// <param name="Name">The log's new name on the chain.</param>
/// <param name="LogKey">The log's key in the contract: Keccak-256 of the name, in hex with 0x.</param>
/// <param name="From">Index of the first entry whose event is emitted under this key; the roots
/// cover earlier entries too.</param>
[GenerateSerializer, Immutable, Alias("cap.anchor-restart.v1")]
public sealed record AnchorRestart(
    [property: Id(0)] int Log, [property: Id(1)] string Name, [property: Id(2)] string LogKey, [property: Id(3)] long From);

/// <summary>How far a contract has anchored a log, as the contract itself reports it.</summary>
/// <param name="Contract">The contract's address, EIP-55.</param>
/// <param name="Position">The contract has every entry before this index.</param>
/// <param name="Block">The newest block when the contract was read; the position is the one at this block.</param>
/// <param name="BlockAt">Timestamp of that block.</param>
/// <param name="IsDevChain">Whether the chain consists of a single node, so that no other node can lag behind.</param>
[GenerateSerializer, Immutable, Alias("cap.contract-position.v1")]
public sealed record ContractPosition(
    [property: Id(0)] long ChainId,
    [property: Id(1)] string Contract,
    [property: Id(2)] long Position,
    [property: Id(3)] long Block = 0,
    [property: Id(4)] DateTimeOffset BlockAt = default,
    [property: Id(5)] bool IsDevChain = false);

/// <summary>The content of one of the contract's events: a claim until it is compared with our own log.</summary>
/// <param name="To">The contract has every entry before this index.</param>
/// <param name="Root">The log's root at <paramref name="Size"/> entries, 32 bytes.</param>
/// <param name="BlockHash">In hex with 0x; block numbers are reassigned when the chain is reorganised.</param>
/// <param name="GasUsed">Gas used by the whole transaction; 0 where only its event was read.</param>
[GenerateSerializer, Immutable, Alias("cap.anchor-confirmation.v1")]
public sealed record AnchorConfirmation(
    [property: Id(0)] long ChainId,
    [property: Id(1)] string Contract,
    [property: Id(2)] string Transaction,
    [property: Id(3)] long Block,
    [property: Id(4)] long From,
    [property: Id(5)] long To,
    [property: Id(6)] byte[] Root,
    [property: Id(7)] long Size,
    [property: Id(8)] string BlockHash,
    [property: Id(9)] long GasUsed);

/// <summary>The outcome of sending batches.</summary>
/// <param name="Confirmed">Confirmations of the first batches, in order; empty when nothing was sent.</param>
/// <param name="TooLarge">Why the first batch must be smaller; null otherwise.</param>
[GenerateSerializer, Immutable, Alias("cap.anchor-result.v2")]
public sealed record AnchorResult([property: Id(0)] IReadOnlyList<AnchorConfirmation> Confirmed, [property: Id(1)] string? TooLarge = null);

/// <summary>How deep in the chain an anchored batch is.</summary>
public enum AnchorDepth
{
    Undecided = 0,

    /// <summary>In a block with too few confirmations, or in one that the node has not reached.</summary>
    Included = 1,

    /// <summary>In a block with enough confirmations.</summary>
    Final = 2,

    /// <summary>The block is no longer in the chain.</summary>
    Reorganised = 3,
}

/// <param name="BlockAt">The block's timestamp; the default when the block is gone or was not reached.</param>
[GenerateSerializer, Immutable, Alias("cap.anchor-sighting.v1")]
public sealed record AnchorStatus([property: Id(0)] AnchorDepth Depth, [property: Id(1)] DateTimeOffset BlockAt);
