using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Grains.Anchors;

/// <summary>A log's newest anchor, according to the log.</summary>
/// <param name="To">Everything before this index is anchored.</param>
/// <param name="Block">The block of the newest anchor; 0 when there is none.</param>
/// <param name="BlockHash">In hex with 0x; empty when there is none.</param>
/// <param name="BlockAt">The block's own time.</param>
/// <param name="Contract">The contract's address, on chain <paramref name="ChainId"/>; empty when there is
/// none.</param>
internal sealed record LoggedAnchor(long To, long Block, string BlockHash, DateTimeOffset BlockAt, long ChainId, string Contract)
{
    public static LoggedAnchor None { get; } = new(0, 0, "", DateTimeOffset.MinValue, 0, "");

    /// <summary>
    /// Whether this describes the given contract. False when an operator has set another one since, for which nothing
    /// is logged yet.
    /// </summary>
    public bool IsOf(ContractPosition contract) => Contract.Length == 0 || (ChainId, Contract) == (contract.ChainId, contract.Contract);

    public static LoggedAnchor Of(AnchorConfirmation anchored, DateTimeOffset blockAt) =>
        new(anchored.To, anchored.Block, anchored.BlockHash, blockAt, anchored.ChainId, anchored.Contract);

    /// <param name="name">The log's current name on the chain.</param>
    public static async Task<LoggedAnchor> ReadAsync(IAuditLogReader log, int number, AnchorName name, CancellationToken cancellationToken)
    {
        var batched = await log.LatestAsync(number, EntryKinds.AnchorBatched, cancellationToken);
        var lost = await log.LatestAsync(number, EntryKinds.AnchorLost, cancellationToken);
        if (lost is not null && lost.Index > Math.Max(batched?.Index ?? -1, name.Since))
        {
            using var loss = JsonDocument.Parse(lost.Bytes);
            return None with { To = loss.RootElement.GetProperty("body").GetProperty("from").GetInt64() };
        }

        if (batched is null || batched.Index < name.Since)
        {
            return None with { To = name.From };
        }

        return Read(batched);
    }

    /// <param name="batched">An entry of kind <c>anchor.batched</c>.</param>
    public static LoggedAnchor Read(LogEntry batched)
    {
        using var entry = JsonDocument.Parse(batched.Bytes);
        var body = entry.RootElement.GetProperty("body");
        return new LoggedAnchor(
            body.GetProperty("to").GetInt64(), body.GetProperty("block").GetInt64(), body.GetProperty("blockHash").GetString()!,
            Entry.ReadInstant(body.GetProperty("blockTime").GetString()!), body.GetProperty("chainId").GetInt64(), body.GetProperty("contract").GetString()!);
    }
}

/// <summary>
/// Decides whether a contract that has less than the log says has lost anchors. A node that lags behind looks the same
/// on a healthy chain, so a loss counts only if the anchor's block is no longer in the chain, and only if that was seen
/// repeatedly.
/// </summary>
internal sealed class LostAnchors
{
    /// <summary>Consecutive checks that must agree.</summary>
    public const int RequiredChecks = 3;

    /// <summary>
    /// Depth in blocks below the newest anchor, beyond which only a chain of a single node can lose blocks: three hours
    /// of Ethereum's blocks.
    /// </summary>
    public const int Depth = 1000;

    /// <summary>
    /// Minimum time between two logged losses: a node that keeps changing its answer must not make the log record every
    /// anchor over and over. 1 hour.
    /// </summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private int seen;
    private LoggedAnchor? lastSeenAnchor;

    /// <param name="hashOf">Returns the hash of the block with this number; null when the chain has none.</param>
    public async Task<bool> IsLossConfirmedAsync(ContractPosition contract, LoggedAnchor logged, Func<long, Task<string?>> hashOf)
    {
        if (!logged.IsOf(contract))
        {
            return true;
        }

        // A node that has not reached the block proves nothing, unless its newest block is no older than the anchor's:
        // then it has another history, since a chain's block times only grow.
        var isLost = contract.Block < logged.Block ? contract.IsDevChain || contract.BlockAt >= logged.BlockAt : await hashOf(logged.Block) != logged.BlockHash;
        (seen, lastSeenAnchor) = isLost ? (lastSeenAnchor == logged ? seen + 1 : 1, logged) : (0, null);
        return seen >= RequiredChecks;
    }
}
