using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// The writer's account on the chain. One call at a time: an account's transactions are numbered, so all logs share one
/// sender. One grain, key 0. A caller waits for its turn, and for a block, longer than for other grains: ten minutes.
/// </summary>
[GrainInterfaceType("cap.chain"), Alias("cap.chain")]
public interface IChainGrain : IGrainWithIntegerKey
{
    /// <param name="maxAge">How long ago it may have been asked: what several logs ask within it is one poll.</param>
    /// <returns>How far the contract has anchored the log of this name.</returns>
    [Alias("anchored"), ResponseTimeout("00:10:00")] Task<ContractPosition> AnchoredAsync(string logName, TimeSpan maxAge);

    /// <param name="blocks">It is in one of these.</param>
    /// <returns>The transaction that anchored the batch starting at <paramref name="from"/>, or null when none did.</returns>
    [Alias("find"), ResponseTimeout("00:10:00")] Task<AnchorConfirmation?> FindAsync(string logName, long from, BlockRange blocks);

    /// <summary>Sends a transaction for each batch and waits until their events are in blocks.</summary>
    /// <param name="batches">At least one; each starts where the one before ends.</param>
    /// <returns>Of the first of them: what came after a batch that did not arrive is to be sent again.</returns>
    [Alias("anchor-batches"), ResponseTimeout("00:10:00")] Task<AnchorResult> AnchorAsync(IReadOnlyList<AnchorBatch> batches);

    /// <summary>Puts an audit record onto the chain, unless it is there, and waits until its event is in a block.</summary>
    [Alias("store-audit"), ResponseTimeout("00:10:00")] Task<AnchorConfirmation> StoreAuditAsync(ChainAudit audit);

    /// <summary>Sends one transaction and waits until a block has it.</summary>
    /// <param name="caps">At most 20, each once.</param>
    [Alias("mirror"), ResponseTimeout("00:10:00")] Task<MirrorResult> MirrorAsync(IReadOnlyList<MirroredCap> caps);

    /// <returns>Null when there is no block of this number.</returns>
    [Alias("block-hash"), AlwaysInterleave, ResponseTimeout("00:01:00")] Task<string?> BlockHashAsync(long block);

    /// <returns>Whether the block is in the chain, with as many blocks on top as the settings ask.</returns>
    [Alias("sight"), AlwaysInterleave, ResponseTimeout("00:01:00")] Task<AnchorSighting> SightAsync(long block, string blockHash);
}
