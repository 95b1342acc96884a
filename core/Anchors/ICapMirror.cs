using CapOrleans.Contracts.Anchors;

namespace CapOrleans.Core.Anchors;

/// <summary>
/// The contract keeps of each CapID the newest version that it was given, and skips what is not newer: the same sent twice changes nothing.
/// It shows who may speak for a CapID and decides nothing; the log does.
/// </summary>
public interface ICapMirror
{
    /// <summary>Null when CapIDs are not mirrored.</summary>
    MirrorContract? Target { get; }

    /// <summary>Sends one transaction and waits until a block has it.</summary>
    /// <param name="caps">Each CapID once.</param>
    /// <exception cref="BatchTooLargeException">Not sent.</exception>
    /// <exception cref="ChainUnavailableException">Refused, or unknown whether it was sent: the same may be sent again.</exception>
    Task<MirrorConfirmation> MirrorAsync(IReadOnlyList<MirroredCap> caps, ISentTransactions sent, CancellationToken cancellationToken);
}
