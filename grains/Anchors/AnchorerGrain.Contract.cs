using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Grains.Consumers;

namespace CapOrleans.Grains.Anchors;

/// <summary>Compares the contract's account of the log with the log itself, and deals with differences.</summary>
internal sealed partial class AnchorerGrain
{
    private readonly ConflictLogLimiter conflicts = new(time);
    private readonly LostAnchors losses = new();

    private PastRoots? roots;
    private int missing; // consecutive checks in which a contract that had advanced showed no event

    /// <summary>Index of the first entry that the contract does not have, by its own account.</summary>
    private long ContractEnd => Math.Max(contract.Position, name.FirstIn(contract));

    /// <summary>
    /// Restarts anchoring under a new name after a conflict, unless something was anchored since. A second call finds
    /// the first one's entry and returns null.
    /// </summary>
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
    /// Reads from the contract where to continue, and from its events which batches are in blocks but not in the log
    /// yet.
    /// </summary>
    private async Task AskAsync(TimeSpan maxAge)
    {
        var restarted = await Log.LatestAsync(LogNumber, EntryKinds.AnchorRestarted, Stopping);
        name = restarted is null ? AnchorName.OfOrigin(origin) : AnchorName.Read(restarted);
        contract = await Chain.AnchoredAsync(name.Text, maxAge).WaitAsync(Stopping);
        if (pending.Newest is { } newest && newest.Block > contract.Block && newest.To > contract.Position)
        {
            // The nodes agree on a block older than that of a batch they agreed on before. Keep the batch: if its block
            // leaves the chain, that is noticed.
            contract = contract with { Position = newest.To, Block = newest.Block };
        }

        logged = await LoggedAnchor.ReadAsync(Log, LogNumber, name, Stopping);
        if (ContractEnd < logged.To || !logged.IsOf(contract))
        {
            await LogLossAsync();
        }

        // Read after the contract, so that nothing we sent can be ahead of the head.
        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        if (contract.Position > head.Size)
        {
            throw await LogConflictAsync(new AnchorConflict(AnchorConflict.ContractAhead, contract, head.Size));
        }

        await FindPendingAsync(head.Size);
        ContinueAt(ContractEnd);
    }

    /// <summary>Looks up the batches that the contract has beyond those known to be pending.</summary>
    private async Task FindPendingAsync(long size)
    {
        var (at, block) = pending.KeepWithin(logged.To, ContractEnd) is { } known ? (known.To, known.Block) : (logged.To, logged.Block);
        while (at < ContractEnd)
        {
            var from = at == name.FirstIn(contract) ? 0 : at;
            var found = await Chain.FindAsync(name.Text, from, new BlockRange(block, contract.Block)).WaitAsync(Stopping);
            missing = found is null ? missing + 1 : 0;
            if (missing is > 0 and < LostAnchors.RequiredChecks)
            {
                throw new OrleansException($"The contract reports {contract.Position} anchored entries, but the node " +
                    $"returned no event for those from {from} on; it will be queried again.");
            }

            var ourRoot = found is { Size: > 0 } && found.Size <= size ? await RootAsync(found.Size) : null;
            if (AnchorConflict.Find(contract, from, found, size, ourRoot) is { } conflict)
            {
                pending.Clear();
                throw await LogConflictAsync(conflict);
            }

            pending.Add(WithLogStart(found!));
            (at, block) = (found!.To, found.Block);
        }
    }

    private async Task LogLossAsync()
    {
        if (!await losses.IsLossConfirmedAsync(contract, logged, block => Chain.BlockHashAsync(block).WaitAsync(Stopping)))
        {
            throw new OrleansException(
                $"The contract reports {contract.Position} anchored entries at block {contract.Block}, but the log " +
                    $"records {logged.To}: the node lags behind, or the chain lost blocks; it will be queried again.");
        }

        var to = logged.IsOf(contract) ? ContractEnd : 0;
        if (logged.IsOf(contract) && !contract.IsDevChain)
        {
            await RejectImplausibleLossAsync(to);
        }

        await CommitAsync(new Step(to, [AnchorEntries.Lost(to, logged.To, origin, Time.GetUtcNow())],
            new CoveredRange(EntryKinds.AnchorBatched, to, to)));
        logged = LoggedAnchor.None with { To = to };
    }

    /// <summary>Throws when a loss follows another too soon or reaches too deep.</summary>
    /// <param name="to">Index from which the anchors are lost.</param>
    private async Task RejectImplausibleLossAsync(long to)
    {
        if (await Log.LatestAsync(LogNumber, EntryKinds.AnchorLost, Stopping) is { } before
            && Entry.ReadInstant(before) + LostAnchors.Interval is var next && next > Time.GetUtcNow())
        {
            throw new OrleansException($"The contract reports {contract.Position} anchored entries, but the log " +
                $"records {logged.To}. A loss was logged recently; the next can be logged at {Entry.Instant(next)}.");
        }

        if (await Log.CoveringAsync(LogNumber, EntryKinds.AnchorBatched, to, Stopping) is not { } first || LoggedAnchor.Read(first).Block < Math.Min(logged.Block, contract.Block) - LostAnchors.Depth)
        {
            throw await LogConflictAsync(new AnchorConflict(AnchorConflict.ContractBehind, contract,
                (await Log.HeadAsync(LogNumber, Stopping))!.Size));
        }
    }

    private Task<byte[]> RootAsync(long size) => (roots ??= new PastRoots(Log, LogNumber)).RootAtAsync(size, Stopping);

    private async Task<LogContradictedException> LogConflictAsync(AnchorConflict conflict)
    {
        if (conflicts.IsNew(conflict, await Log.LatestAsync(LogNumber, EntryKinds.AnchorConflict, Stopping)))
        {
            await LogAsync(conflict.ToEntry(origin, Time.GetUtcNow()));
            conflicts.Add(conflict);
        }

        return new LogContradictedException(conflict.Message);
    }

    /// <summary>
    /// Corrects the start of the first batch under a new name: the contract starts it at 0, though it has no events for
    /// entries that were anchored under an earlier name.
    /// </summary>
    private AnchorConfirmation WithLogStart(AnchorConfirmation batch) => batch with { From = Math.Max(batch.From, name.FirstIn(contract)) };
}
