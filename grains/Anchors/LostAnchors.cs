using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Grains.Anchors;

/// <summary>What the log says of its anchors.</summary>
/// <param name="To">Everything before this index is anchored.</param>
/// <param name="Block">Of the newest anchor; 0 for none.</param>
/// <param name="BlockHash">In hex with 0x; empty for none.</param>
/// <param name="BlockAt">The block's own time.</param>
/// <param name="Contract">With its chain's id; empty for none.</param>
internal sealed record LoggedAnchor(long To, long Block, string BlockHash, DateTimeOffset BlockAt, long ChainId, string Contract)
{
    public static LoggedAnchor None { get; } = new(0, 0, "", DateTimeOffset.MinValue, 0, "");

    /// <summary>False when an operator named another contract since: of that one, nothing was logged yet.</summary>
    public bool IsOf(ContractPosition contract) => Contract.Length == 0 || (ChainId, Contract) == (contract.ChainId, contract.Contract);

    public static LoggedAnchor Of(AnchorConfirmation anchored, DateTimeOffset blockAt) =>
        new(anchored.To, anchored.Block, anchored.BlockHash, blockAt, anchored.ChainId, anchored.Contract);

    /// <param name="name">The log's newest.</param>
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

    /// <param name="batched">Of kind <c>anchor.batched</c>.</param>
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
/// Whether a contract that has less than the log says has lost it. A node that lies behind says the same of a chain that is well: so it counts
/// only where the anchor's block is not in the chain any more, and only when that was seen repeatedly.
/// </summary>
internal sealed class LostAnchors
{
    /// <summary>Looks in a row.</summary>
    public const int Looks = 3;

    /// <summary>Blocks that lie deeper under the newest anchor are lost by no chain but one of a single node: three hours of Ethereum's.</summary>
    public const int Depth = 1000;

    /// <summary>Least time between two losses: a node that says now this and now that must not make the log say every anchor again and again. 1 hour.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private int seen;
    private LoggedAnchor? of;

    /// <param name="hashOf">The hash of the block with this number; null when the chain has none.</param>
    public async Task<bool> AreSureAsync(ContractPosition contract, LoggedAnchor logged, Func<long, Task<string?>> hashOf)
    {
        if (!logged.IsOf(contract))
        {
            return true;
        }

        // A node that has not come to the block says nothing about it; unless its newest block is not older: then it has another history,
        // since a chain's times only grow.
        var isLost = contract.Block < logged.Block ? contract.IsDevChain || contract.BlockAt >= logged.BlockAt : await hashOf(logged.Block) != logged.BlockHash;
        (seen, of) = isLost ? (of == logged ? seen + 1 : 1, logged) : (0, null);
        return seen >= Looks;
    }
}
