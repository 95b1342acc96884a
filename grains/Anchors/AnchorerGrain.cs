using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.AuditLog;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Anchors;

/// <summary>
/// Puts the log onto the chain, a batch per transaction: an event for each incident, and a root that covers every entry. The contract keeps
/// how far it has come and refuses a batch that does not start there, so the contract is the memory: after a crash it is asked, not guessed
/// at. What it answers counts only where it equals our own tree: anybody may be behind a node, a contract or a key.
/// </summary>
/// <remarks>
/// Crash after the transaction was sent: the contract is ahead of the log's last <c>anchor.batched</c>; the event that moved
/// it is looked up, compared with the log's root at that size, and said. A chain that lost blocks is behind: <c>anchor.lost</c>
/// is said, see <see cref="LostAnchors"/>, and the range is anchored again. A contract ahead of the whole log, or an event that is not ours:
/// <c>anchor.conflict</c> is said once, and nothing is anchored until it is gone. Tests: <c>A_crash_after_sending_anchors_once</c>,
/// <c>What_another_anchors_under_our_name_counts_for_nothing</c>, <c>A_log_older_than_its_contract_believes_none_of_it</c>.
/// </remarks>
[PlacedBesideItsLog]
internal sealed class AnchorerGrain(
    IAuditLogReader log, AnchorPace pace, TimeProvider time, IHostApplicationLifetime host, ILogger<AnchorerGrain> logger)
    : FollowerGrain(log, time, host, logger), IAnchorerGrain
{
    /// <summary>While there is nothing to anchor, the contract is asked this often whether it still has what it had.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    /// <summary>How often a batch is looked at while it waits for blocks on top.</summary>
    private static readonly TimeSpan DepthInterval = TimeSpan.FromSeconds(5);

    private readonly BatchBuilder batches = new();
    private readonly LostAnchors losses = new();

    private string origin = "";
    private SaidAnchor said = SaidAnchor.None;
    private ContractPosition contract = new(0, "", 0);
    private DateTimeOffset? askedAt; // null: something was refused or lost, and the contract must be asked
    private PastRoots? roots;
    private int missing; // looks in a row at which a moved contract had no event

    private IChainGrain Chain => GrainFactory.GetGrain<IChainGrain>(0);

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Follower => "anchor";

    protected override TimeSpan Pace => pace.Interval;

    protected override async Task PrepareAsync()
    {
        if ((askedAt is { } at && Time.GetUtcNow() - at < LookInterval) || await Log.HeadAsync(LogNumber, Stopping) is not { } made)
        {
            return;
        }

        askedAt = null;
        origin = made.Origin;
        contract = await Chain.AnchoredAsync(origin).WaitAsync(Stopping);
        said = await SaidAnchor.ReadAsync(Log, LogNumber, Stopping);
        if (contract.Position < said.To)
        {
            await LoseAsync();
        }

        // Read after the contract was asked: nothing that we sent can be ahead of it.
        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        if (contract.Position > head.Size)
        {
            throw await ContradictAsync(new AnchorConflict(AnchorConflict.ContractAhead, contract, head.Size));
        }

        while (said.To < contract.Position)
        {
            var found = await Chain.FindAsync(origin, said.To, said.Block).WaitAsync(Stopping);
            missing = found is null ? missing + 1 : 0;
            if (missing is > 0 and < LostAnchors.Looks)
            {
                throw new OrleansException($"The contract has {contract.Position} entries, the node has no event for those from {said.To} on; it is asked again.");
            }

            var ourRoot = found is { Size: > 0 } && found.Size <= head.Size ? await RootAsync(found.Size) : null;
            if (AnchorConflict.Find(contract, said.To, found, head.Size, ourRoot) is { } conflict)
            {
                throw await ContradictAsync(conflict);
            }

            await CommitAsync(await SayAsync(found!));
        }

        askedAt = Time.GetUtcNow();
    }

    protected override async Task<Step> FollowAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        var asked = askedAt;
        askedAt = null; // until what comes now has come well
        while (true)
        {
            var content = batches.Take(from, entries);
            if (!content.IsWorthIt)
            {
                askedAt = asked;
                return Step.Skip(content.To);
            }

            var head = (await Log.HeadAsync(LogNumber, Stopping))!;
            var batch = new AnchorBatch(origin, contract.Position, content.To, head.Root, head.Size, content.Incidents, content.Records);
            var result = await Chain.AnchorAsync(batch).WaitAsync(Stopping);
            if (result.Confirmed is not { } confirmed)
            {
                if (!batches.TryShrink(content))
                {
                    throw new OrleansException(result.TooLarge!);
                }

                continue;
            }

            batches.Grow();
            if ((confirmed.From, confirmed.To, confirmed.Size) != (batch.From, batch.To, batch.Size)
                || !confirmed.Root.AsSpan().SequenceEqual(batch.Root))
            {
                throw await ContradictAsync(new AnchorConflict(AnchorConflict.OtherRoot, contract, head.Size, confirmed, head.Root));
            }

            var step = await SayAsync(confirmed);
            contract = contract with { Position = content.To };
            askedAt = asked;
            return step with { Entries = [.. step.Entries, .. content.PassedOver.Select(Skipped)] };
        }
    }

    private async Task LoseAsync()
    {
        if (!await losses.AreSureAsync(contract, said, block => Chain.BlockHashAsync(block).WaitAsync(Stopping)))
        {
            throw new OrleansException(
                $"The contract has {contract.Position} entries at block {contract.Block}, the log says {said.To}: the node is behind, or the chain lost blocks; it is asked again.");
        }

        var to = contract.Position;
        var lost = Entry.Write(EntryKinds.AnchorLost, origin, Time.GetUtcNow(), new CanonicalObject().Add("from", to).Add("to", said.To));
        await CommitAsync(new Step(to, [lost], new Cover(EntryKinds.AnchorBatched, to, to)));
        said = SaidAnchor.None with { To = to };
    }

    private EntryDraft Skipped(AcceptedIncident incident) => Entry.Write(
        EntryKinds.AnchorRecordSkipped, origin, Time.GetUtcNow(), new CanonicalObject().Add("capId", incident.CapId).Add("incidentId", incident.IncidentId));

    private Task<byte[]> RootAsync(long size) => (roots ??= new PastRoots(Log, LogNumber)).AtAsync(size, Stopping);

    /// <summary>Says a conflict once, however often it is met.</summary>
    private async Task<LogContradictedException> ContradictAsync(AnchorConflict conflict)
    {
        if (await Log.LatestAsync(LogNumber, EntryKinds.AnchorConflict, Stopping) is not { } last || !conflict.IsSaidBy(last))
        {
            await SayAsync(conflict.ToEntry(origin, Time.GetUtcNow()));
        }

        return new LogContradictedException(conflict.Message);
    }

    /// <summary>Waits until the batch is deep enough in the chain: what a reorganisation takes away must not be in the log.</summary>
    private async Task<Step> SayAsync(AnchorConfirmation anchored)
    {
        AnchorSighting seen;
        while ((seen = await Chain.SightAsync(anchored).WaitAsync(Stopping)).Depth != AnchorDepth.Final)
        {
            if (seen.Depth == AnchorDepth.Gone)
            {
                throw new OrleansException($"Block {anchored.Block} with transaction {anchored.Transaction} left the chain; the contract is asked again.");
            }

            await Task.Delay(DepthInterval, Time, Stopping);
        }

        said = new SaidAnchor(anchored.To, anchored.Block, anchored.BlockHash, seen.BlockAt);
        var entry = Entry.Write(EntryKinds.AnchorBatched, origin, Time.GetUtcNow(), new CanonicalObject()
            .Add("block", anchored.Block).Add("blockHash", anchored.BlockHash).Add("blockTime", Entry.Instant(seen.BlockAt)).Add("chainId", anchored.ChainId).Add("contract", anchored.Contract)
            .Add("from", anchored.From).Add("root", Convert.ToHexStringLower(anchored.Root))
            .Add("size", anchored.Size).Add("to", anchored.To).Add("transaction", anchored.Transaction));
        return new Step(anchored.To, [entry], new Cover(EntryKinds.AnchorBatched, anchored.From, anchored.To));
    }
}
