namespace CapOrleans.Core.Anchors;

/// <summary>The chain cannot be used now. The message says what an operator can do; trying again later may help.</summary>
public class ChainUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <param name="IncidentKey">Keccak-256 of <c>capId/incidentId</c>.</param>
/// <param name="CapKey">Keccak-256 of the CapID.</param>
/// <param name="AuditHash">32 bytes.</param>
/// <param name="SeverityRank">0 normal, 1 high, 2 escalated, 3 critical.</param>
public sealed record AnchoredIncident(byte[] IncidentKey, byte[] CapKey, byte[] AuditHash, long Index, int SeverityRank, decimal DeltaCap);

/// <summary>A record in full, as old readers get it from <c>getIncident</c>.</summary>
/// <param name="RecordHash">Keccak-256 of the canonical record with its dCap, 32 bytes.</param>
public sealed record FullRecord(
    string IncidentId, string CapId, string Agent, string Severity, byte[] RecordHash, string Cid, decimal DeltaCap);

/// <summary>One transaction's worth of a log.</summary>
/// <param name="From">Must be where the contract stands for this log.</param>
/// <param name="Root">The log's root at <paramref name="Size"/> entries; Size is at least To.</param>
public sealed record AnchorBatch(
    string Origin, long From, long To, byte[] Root, long Size,
    IReadOnlyList<AnchoredIncident> Incidents, IReadOnlyList<FullRecord> Records);

/// <param name="To">The contract has everything before this index.</param>
public sealed record AnchorConfirmation(long ChainId, string Contract, string Transaction, long Block, long From, long To);

/// <summary>
/// The contract keeps, per log, the index up to which it was anchored, and refuses a batch that does not start there. So a
/// batch sent twice counts once, and after any crash the contract itself says where to go on.
/// </summary>
public interface IAnchorContract
{
    /// <returns>The index up to which the contract has anchored this log, in confirmed blocks.</returns>
    /// <exception cref="ChainUnavailableException" />
    Task<long> AnchoredAsync(string origin, CancellationToken cancellationToken);

    /// <summary>The transaction that anchored the batch starting at <paramref name="from"/>, or null when none did.</summary>
    /// <exception cref="ChainUnavailableException" />
    Task<AnchorConfirmation?> FindAsync(string origin, long from, CancellationToken cancellationToken);

    /// <summary>Sends one transaction and waits until its event is in a block.</summary>
    /// <exception cref="ChainUnavailableException">Unknown whether it was sent: ask <see cref="AnchoredAsync"/>.</exception>
    Task<AnchorConfirmation> AnchorAsync(AnchorBatch batch, CancellationToken cancellationToken);
}
