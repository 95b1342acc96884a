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

/// <summary>A record in full, as legacy readers get it from <c>getIncident</c>.</summary>
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

/// <summary>One transaction's worth of a log.</summary>
/// <param name="LogName">What the log is called on the chain: its origin, unless anchoring was restarted.</param>
/// <param name="From">Must be where the contract stands for this log.</param>
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

/// <summary>A log is anchored under another key.</summary>
/// <param name="Name">What the log is called on the chain from now on.</param>
/// <param name="LogKey">Keccak-256 of the name, in hex with 0x: its key in the contract.</param>
/// <param name="From">Index of the first entry that gets its event under this key; the roots cover those before it as well.</param>
[GenerateSerializer, Immutable, Alias("cap.anchor-restart.v1")]
public sealed record AnchorRestart(
    [property: Id(0)] int Log, [property: Id(1)] string Name, [property: Id(2)] string LogKey, [property: Id(3)] long From);

/// <summary>How far a contract has come with a log, by its own account.</summary>
/// <param name="Contract">Its address, EIP-55.</param>
/// <param name="Position">It has everything before this index.</param>
/// <param name="Block">The newest block when it was asked: what it says is true at this block.</param>
/// <param name="BlockAt">That block's own time.</param>
/// <param name="IsDevChain">One node is all there is of the chain: none lies behind.</param>
[GenerateSerializer, Immutable, Alias("cap.contract-position.v1")]
public sealed record ContractPosition(
    [property: Id(0)] long ChainId,
    [property: Id(1)] string Contract,
    [property: Id(2)] long Position,
    [property: Id(3)] long Block = 0,
    [property: Id(4)] DateTimeOffset BlockAt = default,
    [property: Id(5)] bool IsDevChain = false);

/// <summary>What an event of the contract says: a claim, until it equals our own log.</summary>
/// <param name="To">The contract has everything before this index.</param>
/// <param name="Root">The log's root at <paramref name="Size"/> entries, 32 bytes.</param>
/// <param name="BlockHash">In hex with 0x: numbers are given anew when a chain is reorganised.</param>
/// <param name="GasUsed">Of the whole transaction; 0 where only its event was read.</param>
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

/// <summary>What became of batches.</summary>
/// <param name="Confirmed">The first of them; empty when nothing was sent.</param>
/// <param name="TooLarge">Why the first of them is wanted smaller.</param>
[GenerateSerializer, Immutable, Alias("cap.anchor-result.v2")]
public sealed record AnchorResult([property: Id(0)] IReadOnlyList<AnchorConfirmation> Confirmed, [property: Id(1)] string? TooLarge = null);

/// <summary>Where an anchored batch is in the chain.</summary>
public enum AnchorDepth
{
    Undecided = 0,

    /// <summary>In a block, with too few blocks on top.</summary>
    Included = 1,

    /// <summary>Deep enough.</summary>
    Final = 2,

    /// <summary>The chain has another block in its place.</summary>
    Gone = 3,
}

/// <param name="BlockAt">The block's own time.</param>
[GenerateSerializer, Immutable, Alias("cap.anchor-sighting.v1")]
public sealed record AnchorSighting([property: Id(0)] AnchorDepth Depth, [property: Id(1)] DateTimeOffset BlockAt);
