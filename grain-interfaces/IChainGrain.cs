using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// The writer's account on the chain. One grain, key 0. Except for block lookups, calls run one at a time, because the
/// account's transactions are ordered by nonce and all logs share the account. A call waits for its turn and for a
/// block, so its timeout is ten minutes, longer than for other grains.
/// </summary>
[GrainInterfaceType("cap.chain"), Alias("cap.chain")]
public interface IChainGrain : IGrainWithIntegerKey
{
    /// <param name="maxAge">Maximum age of the answer: logs that ask within it share one poll of the contract.</param>
    /// <returns>How far the contract has anchored the log of this name.</returns>
    [Alias("anchored"), ResponseTimeout("00:10:00")] Task<ContractPosition> AnchoredAsync(string logName, TimeSpan maxAge);

    /// <param name="blocks">The blocks to search.</param>
    /// <returns>The transaction that anchored the batch starting at <paramref name="from"/>; null when there is
    /// none.</returns>
    [Alias("find"), ResponseTimeout("00:10:00")] Task<AnchorConfirmation?> FindAsync(string logName, long from, BlockRange blocks);

    /// <summary>Sends a transaction for each batch and waits until their events are in blocks.</summary>
    /// <param name="batches">At least one; each starts where the previous one ends.</param>
    /// <returns>The confirmed batches, which are the first of those sent: whatever follows a batch that did not arrive
    /// must be sent again.</returns>
    [Alias("anchor-batches"), ResponseTimeout("00:10:00")] Task<AnchorResult> AnchorAsync(IReadOnlyList<AnchorBatch> batches);

    /// <summary>
    /// Writes an audit record to the chain unless it is already there, and waits until its event is in a block.
    /// </summary>
    [Alias("store-audit"), ResponseTimeout("00:10:00")] Task<AnchorConfirmation> StoreAuditAsync(ChainAudit audit);

    /// <summary>Sends one transaction and waits until it is in a block.</summary>
    /// <param name="caps">At most 20, without duplicates.</param>
    [Alias("mirror"), ResponseTimeout("00:10:00")] Task<MirrorResult> MirrorAsync(IReadOnlyList<MirroredCap> caps);

    /// <returns>The block's hash; null when there is no block with this number.</returns>
    [Alias("block-hash"), AlwaysInterleave, ResponseTimeout("00:01:00")] Task<string?> BlockHashAsync(long block);

    /// <returns>Whether the block is in the chain, with as many blocks on top as the settings require.</returns>
    [Alias("sight"), AlwaysInterleave, ResponseTimeout("00:01:00")] Task<AnchorStatus> SightAsync(long block, string blockHash);
}
