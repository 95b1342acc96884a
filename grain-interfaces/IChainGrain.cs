using CapOrleans.Contracts.Anchors;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// The writer's account on the chain. One call at a time: an account's transactions are numbered, so all logs share one
/// sender. One grain, key 0. A caller waits for its turn, and for blocks, longer than for other grains: ten minutes.
/// </summary>
[GrainInterfaceType("cap.chain"), Alias("cap.chain")]
public interface IChainGrain : IGrainWithIntegerKey
{
    /// <returns>How far the contract has anchored the log of this name.</returns>
    [Alias("anchored"), ResponseTimeout("00:10:00")] Task<ContractPosition> AnchoredAsync(string origin);

    /// <returns>The transaction that anchored the batch starting at <paramref name="from"/>, or null when none did.</returns>
    [Alias("find"), ResponseTimeout("00:10:00")] Task<AnchorConfirmation?> FindAsync(string origin, long from);

    /// <summary>Sends one transaction and waits until its event is in a block.</summary>
    [Alias("anchor"), ResponseTimeout("00:10:00")] Task<AnchorConfirmation> AnchorAsync(AnchorBatch batch);
}
