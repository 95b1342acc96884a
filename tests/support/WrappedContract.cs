using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Tests.Support;

/// <summary>Forwards to a real contract; a test overrides one member.</summary>
public abstract class WrappedContract(IAnchorContract real) : IAnchorContract
{
    public virtual Task<IReadOnlyList<ContractPosition>> ReadPositionsAsync(IReadOnlyList<string> logNames,
        ISentTransactions sent, CancellationToken cancellationToken) =>
        real.ReadPositionsAsync(logNames, sent, cancellationToken);

    public virtual Task<AnchorConfirmation?> FindAsync(string logName, long from, BlockRange blocks, ISentTransactions sent, CancellationToken cancellationToken) =>
        real.FindAsync(logName, from, blocks, sent, cancellationToken);

    public virtual Task<string?> BlockHashAsync(long block, CancellationToken cancellationToken) => real.BlockHashAsync(block, cancellationToken);

    public virtual Task<AnchorStatus> ReadStatusAsync(long block, string blockHash,
        CancellationToken cancellationToken) => real.ReadStatusAsync(block, blockHash, cancellationToken);

    public virtual Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(IReadOnlyList<AnchorBatch> batches, ISentTransactions sent, CancellationToken cancellationToken) =>
        real.AnchorAsync(batches, sent, cancellationToken);

    public virtual Task<AnchorConfirmation> StoreAuditAsync(ChainAudit audit, ISentTransactions sent, CancellationToken cancellationToken) =>
        real.StoreAuditAsync(audit, sent, cancellationToken);
}
