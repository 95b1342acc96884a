using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;

namespace CapOrleans.Core.Anchors;

/// <summary>The chain is unavailable. The message says what an operator can do; a later retry may succeed.</summary>
public class ChainUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Delay that the node asked for; null when it asked for none.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>The chain is not the one in the settings, or does not have the contract: a retry does not help.</summary>
public sealed class ChainMismatchException(string message) : ChainUnavailableException(message);

/// <summary>A batch needs more gas or bytes than one transaction may use: a smaller one may fit.</summary>
public sealed class BatchTooLargeException(string message, Exception? inner = null) : ChainUnavailableException(message, inner);

/// <summary>
/// Port to the anchoring contract. The contract stores, per log, the index up to which it is anchored, and refuses a
/// batch that does not start there. A batch sent twice therefore counts once, and after any crash the contract's
/// position is where to resume. What the contract returns is a claim: anyone with the writer's key can move it, so the
/// caller compares each event with its own log.
/// </summary>
public interface IAnchorContract
{
    /// <returns>The contract's positions for these logs, all read at one block.</returns>
    /// <exception cref="ChainUnavailableException" />
    Task<IReadOnlyList<ContractPosition>> ReadPositionsAsync(IReadOnlyList<string> logNames, ISentTransactions sent,
        CancellationToken cancellationToken);

    /// <summary>
    /// Finds the transaction that anchored the batch starting at <paramref name="from"/>; null when there is none.
    /// </summary>
    /// <param name="blocks">The blocks to search, up to the one at which the contract has the batch.</param>
    /// <exception cref="ChainUnavailableException">A node did not answer, or the nodes disagree on a transaction that
    /// one of them found.</exception>
    Task<AnchorConfirmation?> FindAsync(string logName, long from, BlockRange blocks, ISentTransactions sent, CancellationToken cancellationToken);

    /// <returns>Hash of the block with this number, in hex with 0x; null when there is none.</returns>
    /// <exception cref="ChainUnavailableException" />
    Task<string?> BlockHashAsync(long block, CancellationToken cancellationToken);

    /// <param name="blockHash">In hex with 0x.</param>
    /// <returns>Whether the block is in the chain, with the confirmations that the settings require.</returns>
    /// <exception cref="ChainUnavailableException" />
    Task<AnchorStatus> ReadStatusAsync(long block, string blockHash, CancellationToken cancellationToken);

    /// <summary>Sends a transaction for each batch and waits until their events are in blocks.</summary>
    /// <param name="batches">At least one; each starts where the previous one ends.</param>
    /// <returns>
    /// Confirmations of the first batches, at least one. Batches after one that did not arrive must be sent again.
    /// </returns>
    /// <exception cref="BatchTooLargeException">The first batch is too large; nothing was sent.</exception>
    /// <exception cref="ChainUnavailableException">Unknown whether any was sent: call
    /// <see cref="ReadPositionsAsync"/> to find out.</exception>
    Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(IReadOnlyList<AnchorBatch> batches, ISentTransactions sent, CancellationToken cancellationToken);

    /// <summary>
    /// Sends one transaction and waits until its event is in a block; when the contract has the record already, finds
    /// that event instead. May be repeated.
    /// </summary>
    /// <returns>Where the record is; the confirmation covers no range of entries.</returns>
    /// <exception cref="ChainUnavailableException">Unknown whether it was sent, or a different
    /// record has its id.</exception>
    Task<AnchorConfirmation> StoreAuditAsync(ChainAudit audit, ISentTransactions sent, CancellationToken cancellationToken);
}

public static class AnchorContractExtensions
{
    /// <returns>The contract's position for one log.</returns>
    /// <exception cref="ChainUnavailableException" />
    public static async Task<ContractPosition> ReadPositionAsync(
        this IAnchorContract contract, string logName, ISentTransactions sent, CancellationToken cancellationToken) =>
        (await contract.ReadPositionsAsync([logName], sent, cancellationToken))[0];
}
