using CapOrleans.Contracts.Anchors;

namespace CapOrleans.Core.Anchors;

/// <summary>
/// Port to the contract that mirrors CapIDs. The contract stores the newest version that it was given of each CapID
/// and skips any that is not newer, so sending the same twice changes nothing. It shows who may act for a CapID and
/// decides nothing; the log does.
/// </summary>
public interface ICapMirror
{
    /// <summary>Null when CapIDs are not mirrored.</summary>
    MirrorContract? Target { get; }

    /// <summary>Sends one transaction and waits until it is in a block.</summary>
    /// <param name="caps">Each CapID once.</param>
    /// <exception cref="BatchTooLargeException">Too many CapIDs for one transaction; nothing was sent.</exception>
    /// <exception cref="ChainUnavailableException">Refused, or unknown whether it was sent: the same
    /// call may be repeated.</exception>
    Task<MirrorConfirmation> MirrorAsync(IReadOnlyList<MirroredCap> caps, ISentTransactions sent, CancellationToken cancellationToken);
}
