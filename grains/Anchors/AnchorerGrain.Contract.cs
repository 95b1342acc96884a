using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Grains.Consumers;

namespace CapOrleans.Grains.Anchors;

/// <summary>What the contract says of the log, and what is done where the two do not agree.</summary>
internal sealed partial class AnchorerGrain
{
    private readonly LoggedConflicts conflicts = new(time);
    private readonly LostAnchors losses = new();

    private PastRoots? roots;
    private int missing; // looks in a row at which a moved contract had no event

    /// <summary>Index of the first entry that the contract has not, by its own account.</summary>
    private long Reached => Math.Max(contract.Position, name.FirstIn(contract));

    /// <summary>After a conflict and before the next anchor; a second call finds the first one's entry.</summary>
    public Task<AnchorRestart?> RestartAsync(Actor by) => BetweenPassesAsync(async () =>
    {
        var conflict = await Log.LatestAsync(LogNumber, EntryKinds.AnchorConflict, Stopping);
        var batched = await Log.LatestAsync(LogNumber, EntryKinds.AnchorBatched, Stopping);
        var restarted = await Log.LatestAsync(LogNumber, EntryKinds.AnchorRestarted, Stopping);
        if (conflict is null || conflict.Index < Math.Max(batched?.Index ?? -1, restarted?.Index ?? -1))
        {
            return null;
        }

        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        var before = restarted is null ? AnchorName.OfOrigin(head.Origin) : AnchorName.Read(restarted);
        var (anchored, contradicted) = (await LoggedAnchor.ReadAsync(Log, LogNumber, before, Stopping), AnchorConflict.ContractOf(conflict));
        var from = anchored.IsOf(contradicted) ? anchored.To : 0;
        await LogAsync(AnchorName.Restart(contradicted, head, from, by, Time.GetUtcNow()));
        pending.Clear();
        askedAt = null;
        var after = AnchorName.Read((await Log.LatestAsync(LogNumber, EntryKinds.AnchorRestarted, Stopping))!);
        return new AnchorRestart(LogNumber, after.Text, $"0x{Convert.ToHexStringLower(after.Key)}", after.From);
    });

    /// <summary>
    /// Learns from the contract where to go on, and from its events which batches a block has that the log does not name yet.
    /// </summary>
    private async Task AskAsync(TimeSpan maxAge)
    {
        var restarted = await Log.LatestAsync(LogNumber, EntryKinds.AnchorRestarted, Stopping);
        name = restarted is null ? AnchorName.OfOrigin(origin) : AnchorName.Read(restarted);
        contract = await Chain.AnchoredAsync(name.Text, maxAge).WaitAsync(Stopping);
        if (pending.Newest is { } newest && newest.Block > contract.Block && newest.To > contract.Position)
        {
            // The nodes agree on an older block than that of a batch which they have agreed on before: where it leaves the chain, it is seen.
            contract = contract with { Position = newest.To, Block = newest.Block };
        }

        logged = await LoggedAnchor.ReadAsync(Log, LogNumber, name, Stopping);
        if (Reached < logged.To || !logged.IsOf(contract))
        {
            await LoseAsync();
        }

        // Read after the contract was asked: nothing that we sent can be ahead of it.
        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        if (contract.Position > head.Size)
        {
            throw await ContradictAsync(new AnchorConflict(AnchorConflict.ContractAhead, contract, head.Size));
        }

        await FindPendingAsync(head.Size);
        GoTo(Reached);
    }

    /// <summary>Looks for what the contract has beyond what is known to be pending.</summary>
    private async Task FindPendingAsync(long size)
    {
        var (at, block) = pending.KeepWithin(logged.To, Reached) is { } known ? (known.To, known.Block) : (logged.To, logged.Block);
        while (at < Reached)
        {
            var from = at == name.FirstIn(contract) ? 0 : at;
            var found = await Chain.FindAsync(name.Text, from, new BlockRange(block, contract.Block)).WaitAsync(Stopping);
            missing = found is null ? missing + 1 : 0;
            if (missing is > 0 and < LostAnchors.Looks)
            {
                throw new OrleansException($"The contract has {contract.Position} entries, the node has no event for those from {from} on; it is asked again.");
            }

            var ourRoot = found is { Size: > 0 } && found.Size <= size ? await RootAsync(found.Size) : null;
            if (AnchorConflict.Find(contract, from, found, size, ourRoot) is { } conflict)
            {
                pending.Clear();
                throw await ContradictAsync(conflict);
            }

            pending.Add(FromFirst(found!));
            (at, block) = (found!.To, found.Block);
        }
    }

    private async Task LoseAsync()
    {
        if (!await losses.AreSureAsync(contract, logged, block => Chain.BlockHashAsync(block).WaitAsync(Stopping)))
        {
            throw new OrleansException(
                $"The contract has {contract.Position} entries at block {contract.Block}, the log says {logged.To}: the node is behind, or the chain lost blocks; it is asked again.");
        }

        var to = logged.IsOf(contract) ? Reached : 0;
        if (logged.IsOf(contract) && !contract.IsDevChain)
        {
            await BoundLossAsync(to);
        }

        await CommitAsync(new Step(to, [AnchorEntries.Lost(to, logged.To, origin, Time.GetUtcNow())], new Cover(EntryKinds.AnchorBatched, to, to)));
        logged = LoggedAnchor.None with { To = to };
    }

    /// <param name="to">What is from here on is lost.</param>
    private async Task BoundLossAsync(long to)
    {
        if (await Log.LatestAsync(LogNumber, EntryKinds.AnchorLost, Stopping) is { } before
            && Entry.ReadInstant(before) + LostAnchors.Interval is var next && next > Time.GetUtcNow())
        {
            throw new OrleansException($"The contract has {contract.Position} entries, the log says {logged.To}, and a loss was logged already: the next is at {Entry.Instant(next)}.");
        }

        if (await Log.CoveringAsync(LogNumber, EntryKinds.AnchorBatched, to, Stopping) is not { } first || LoggedAnchor.Read(first).Block < Math.Min(logged.Block, contract.Block) - LostAnchors.Depth)
        {
            throw await ContradictAsync(new AnchorConflict(AnchorConflict.ContractBehind, contract, (await Log.HeadAsync(LogNumber, Stopping))!.Size));
        }
    }

    private Task<byte[]> RootAsync(long size) => (roots ??= new PastRoots(Log, LogNumber)).AtAsync(size, Stopping);

    private async Task<LogContradictedException> ContradictAsync(AnchorConflict conflict)
    {
        if (conflicts.IsNew(conflict, await Log.LatestAsync(LogNumber, EntryKinds.AnchorConflict, Stopping)))
        {
            await LogAsync(conflict.ToEntry(origin, Time.GetUtcNow()));
            conflicts.Add(conflict);
        }

        return new LogContradictedException(conflict.Message);
    }

    /// <summary>
    /// The first batch under a name starts at 0 in the contract, and has no events of what was anchored under an earlier one.
    /// </summary>
    private AnchorConfirmation FromFirst(AnchorConfirmation batch) => batch with { From = Math.Max(batch.From, name.FirstIn(contract)) };
}
