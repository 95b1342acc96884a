using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;

namespace CapOrleans.Core.Anchors;

/// <summary>The chain cannot be used now. The message says what an operator can do; trying again later may help.</summary>
public class ChainUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>When the node wants to be asked again; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>The chain is not the one that the settings say, or has no such contract: trying again does not help.</summary>
public sealed class ChainMismatchException(string message) : ChainUnavailableException(message);

/// <summary>A batch needs more gas or bytes than one transaction may have: a smaller one may fit.</summary>
public sealed class BatchTooLargeException(string message, Exception? inner = null) : ChainUnavailableException(message, inner);

/// <summary>
/// The contract keeps, per log, the index up to which it was anchored, and refuses a batch that does not start there. So a
/// batch sent twice counts once, and after any crash the contract itself says where to go on. What it says is a claim: whoever has
/// the writer's key can move it, so the caller compares each event with its own log.
/// </summary>
public interface IAnchorContract
{
    /// <returns>How far the contract says that it has anchored each of these logs, all at one block.</returns>
    /// <exception cref="ChainUnavailableException" />
    Task<IReadOnlyList<ContractPosition>> AnchoredAsync(IReadOnlyList<string> logNames, ISentTransactions sent, CancellationToken cancellationToken);

    /// <summary>The transaction that anchored the batch starting at <paramref name="from"/>, or null when none did.</summary>
    /// <param name="blocks">It is in one of these: up to the one at which the contract has the batch.</param>
    /// <exception cref="ChainUnavailableException">A node did not say, or the nodes do not agree on a transaction that one of them
    /// found.</exception>
    Task<AnchorConfirmation?> FindAsync(string logName, long from, BlockRange blocks, ISentTransactions sent, CancellationToken cancellationToken);

    /// <returns>The hash of the block with this number, in hex with 0x; null when there is none.</returns>
    /// <exception cref="ChainUnavailableException" />
    Task<string?> BlockHashAsync(long block, CancellationToken cancellationToken);

    /// <param name="blockHash">In hex with 0x.</param>
    /// <returns>Whether the block is in the chain, with as many blocks on top as the settings ask.</returns>
    /// <exception cref="ChainUnavailableException" />
    Task<AnchorSighting> SightAsync(long block, string blockHash, CancellationToken cancellationToken);

    /// <summary>Sends a transaction for each batch and waits until their events are in blocks.</summary>
    /// <param name="batches">At least one; each starts where the one before ends.</param>
    /// <returns>Of the first of them, at least one: what came after a batch that did not arrive is to be sent again.</returns>
    /// <exception cref="BatchTooLargeException">The first is; nothing was sent.</exception>
    /// <exception cref="ChainUnavailableException">Unknown whether any was sent: ask <see cref="AnchoredAsync"/>.</exception>
    Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(IReadOnlyList<AnchorBatch> batches, ISentTransactions sent, CancellationToken cancellationToken);

    /// <summary>
    /// Sends one transaction and waits until its event is in a block; where the contract has the record already, looks that up. So it
    /// may be repeated.
    /// </summary>
    /// <returns>Where the record is; of no range.</returns>
    /// <exception cref="ChainUnavailableException">Unknown whether it was sent, or another record has its id.</exception>
    Task<AnchorConfirmation> StoreAuditAsync(ChainAudit audit, ISentTransactions sent, CancellationToken cancellationToken);
}

public static class AnchorContractExtensions
{
    /// <returns>As the contract says of one log.</returns>
    /// <exception cref="ChainUnavailableException" />
    public static async Task<ContractPosition> AnchoredAsync(
        this IAnchorContract contract, string logName, ISentTransactions sent, CancellationToken cancellationToken) =>
        (await contract.AnchoredAsync([logName], sent, cancellationToken))[0];
}
