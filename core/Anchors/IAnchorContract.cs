using CapOrleans.Contracts.Anchors;

namespace CapOrleans.Core.Anchors;

/// <summary>The chain cannot be used now. The message says what an operator can do; trying again later may help.</summary>
public class ChainUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The chain is not the one that the settings say, or has no such contract: trying again does not help.</summary>
public sealed class ChainMismatchException(string message) : ChainUnavailableException(message);

/// <summary>
/// The contract keeps, per log, the index up to which it was anchored, and refuses a batch that does not start there. So a
/// batch sent twice counts once, and after any crash the contract itself says where to go on. What it says is a claim: whoever has
/// the writer's key can move it, so the caller compares each event with its own log.
/// </summary>
public interface IAnchorContract
{
    /// <returns>How far the contract says that it has anchored this log, in confirmed blocks.</returns>
    /// <exception cref="ChainUnavailableException" />
    Task<ContractPosition> AnchoredAsync(string origin, CancellationToken cancellationToken);

    /// <summary>The transaction that anchored the batch starting at <paramref name="from"/>, or null when none did.</summary>
    /// <exception cref="ChainUnavailableException" />
    Task<AnchorConfirmation?> FindAsync(string origin, long from, CancellationToken cancellationToken);

    /// <summary>Sends one transaction and waits until its event is in a block.</summary>
    /// <exception cref="ChainUnavailableException">Unknown whether it was sent: ask <see cref="AnchoredAsync"/>.</exception>
    Task<AnchorConfirmation> AnchorAsync(AnchorBatch batch, CancellationToken cancellationToken);
}
