using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// The chain when none is configured: every call fails, so anchors stay pending and report why, CapIDs are not
/// mirrored, and contract wallets cannot be asked.
/// </summary>
public sealed class NoChain : IAnchorContract, ICapMirror, IContractWallets
{
    public MirrorContract? Target => null;

    public Task<IReadOnlyList<ContractPosition>> ReadPositionsAsync(IReadOnlyList<string> logNames, ISentTransactions sent,
        CancellationToken cancellationToken) => throw Unavailable();

    public Task<AnchorConfirmation?> FindAsync(
        string logName, long from, BlockRange blocks, ISentTransactions sent, CancellationToken cancellationToken) => throw Unavailable();

    public Task<string?> BlockHashAsync(long block, CancellationToken cancellationToken) => throw Unavailable();

    public Task<AnchorStatus> ReadStatusAsync(long block, string blockHash, CancellationToken cancellationToken) => throw Unavailable();

    public Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(IReadOnlyList<AnchorBatch> batches, ISentTransactions sent, CancellationToken cancellationToken) => throw Unavailable();

    public Task<AnchorConfirmation> StoreAuditAsync(ChainAudit audit, ISentTransactions sent, CancellationToken cancellationToken) => throw Unavailable();

    public Task<MirrorConfirmation> MirrorAsync(IReadOnlyList<MirroredCap> caps, ISentTransactions sent, CancellationToken cancellationToken) =>
        throw Unavailable();

    public Task<ChainBlock?> FindBlockAsync(WalletClaim claim, byte[] hash, string caller, CancellationToken cancellationToken) => throw Unavailable();

    private static ChainUnavailableException Unavailable() => new("No chain is configured: set RPC_URL, PRIVATE_KEY and CONTRACT_ADDRESS.");
}
