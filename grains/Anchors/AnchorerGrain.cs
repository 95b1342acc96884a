using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.AuditLog;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Anchors;

/// <summary>
/// Puts accepted incidents onto the chain, a batch per transaction. The contract keeps how far it has come and refuses a
/// batch that does not start there, so the contract is the memory: after a crash it is asked, not guessed at. What it answers
/// counts only where it equals our own tree: anybody may be behind a node, a contract or a key.
/// </summary>
/// <remarks>
/// Crash after the transaction was sent: the contract is ahead of the log's last <c>anchor.batched</c>; the event that moved
/// it is looked up, compared with the log's root at that size, and said. A chain that lost blocks is behind: <c>anchor.lost</c>
/// is said and the range is anchored again. A contract ahead of the whole log, or an event that is not ours: <c>anchor.conflict</c>
/// is said once, and nothing is anchored until it is gone. Tests: <c>A_crash_after_sending_anchors_once</c>,
/// <c>What_another_anchors_under_our_name_counts_for_nothing</c>, <c>A_log_older_than_its_contract_believes_none_of_it</c>.
/// </remarks>
[PlacedBesideItsLog]
internal sealed class AnchorerGrain(
    IAuditLogReader log, AnchorPace pace, TimeProvider time, IHostApplicationLifetime host, ILogger<AnchorerGrain> logger)
    : FollowerGrain(log, time, host, logger), IAnchorerGrain
{
    /// <summary>Incidents in one transaction: about 4 million gas and 96 KB, below the 128 KB that nodes take.</summary>
    public const int IncidentLimit = 500;

    /// <summary>Full records in one transaction: at most 12 million gas and 24 KB, when every text is as long as it may be.</summary>
    public const int RecordLimit = 12;

    private IChainGrain Chain => GrainFactory.GetGrain<IChainGrain>(0);

    private string origin = "";
    private long said; // up to here the log says that it is anchored
    private ContractPosition contract = new(0, "", 0);
    private PastRoots? roots;

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Follower => "anchor";

    protected override TimeSpan Pace => pace.Interval;

    protected override async Task PrepareAsync()
    {
        if (await Log.HeadAsync(LogNumber, Stopping) is not { } made)
        {
            return;
        }

        origin = made.Origin;
        contract = await Chain.AnchoredAsync(origin).WaitAsync(Stopping);
        said = await SaidAsync();
        if (contract.Position < said)
        {
            var to = contract.Position;
            var lost = Entry.Write(EntryKinds.AnchorLost, origin, Time.GetUtcNow(), new CanonicalObject().Add("from", to).Add("to", said));
            await CommitAsync(new Step(to, [lost], new Cover(EntryKinds.AnchorBatched, to, to)));
            said = to;
        }

        // Read after the contract was asked: nothing that we sent can be ahead of it.
        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        if (contract.Position > head.Size)
        {
            throw await ContradictAsync(new AnchorConflict(AnchorConflict.ContractAhead, contract, head.Size));
        }

        while (said < contract.Position)
        {
            var found = await Chain.FindAsync(origin, said).WaitAsync(Stopping);
            var ourRoot = found is { Size: > 0 } && found.Size <= head.Size ? await RootAsync(found.Size) : null;
            if (AnchorConflict.Find(contract, said, found, head.Size, ourRoot) is { } conflict)
            {
                throw await ContradictAsync(conflict);
            }

            await CommitAsync(Say(found!));
            said = found!.To;
        }
    }

    protected override async Task<Step> FollowAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        var incidents = new List<AnchoredIncident>();
        var records = new List<FullRecord>();
        var to = from;
        foreach (var entry in entries)
        {
            if (incidents.Count == IncidentLimit || records.Count == RecordLimit)
            {
                break;
            }

            to = entry.Index + 1;
            if (entry.Kind == EntryKinds.IncidentAccepted && AcceptedProof.TryRead(entry.Bytes, out var accepted)) // the archive names what cannot be read
            {
                incidents.Add(Anchor(accepted, entry.Index));
                if (Severity.Rank(accepted.Severity) == Severity.CriticalRank)
                {
                    records.Add(Record(accepted));
                }
            }
        }

        if (incidents.Count == 0)
        {
            return Step.Skip(to);
        }

        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        var batch = new AnchorBatch(origin, contract.Position, to, head.Root, head.Size, incidents, records);
        var confirmed = await Chain.AnchorAsync(batch).WaitAsync(Stopping);
        if ((confirmed.From, confirmed.To, confirmed.Size) != (batch.From, batch.To, batch.Size)
            || !confirmed.Root.AsSpan().SequenceEqual(batch.Root))
        {
            throw await ContradictAsync(new AnchorConflict(AnchorConflict.OtherRoot, contract, head.Size, confirmed, head.Root));
        }

        (contract, said) = (contract with { Position = to }, to);
        return Say(confirmed);
    }

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

    private static AnchoredIncident Anchor(AcceptedIncident accepted, long index) => new(
        Keccak256.Hash(Encoding.UTF8.GetBytes($"{accepted.CapId}/{accepted.IncidentId}")),
        Keccak256.Hash(Encoding.UTF8.GetBytes(accepted.CapId)),
        Convert.FromHexString(accepted.AuditHash), index, Severity.Rank(accepted.Severity), accepted.DeltaCap);

    private static FullRecord Record(AcceptedIncident accepted) => new(
        accepted.IncidentId, accepted.CapId, accepted.Agent, accepted.Severity,
        RecordHash.Of(accepted.Request, accepted.DeltaCap), accepted.Cid.Text, accepted.DeltaCap);

    private Step Say(AnchorConfirmation anchored)
    {
        var entry = Entry.Write(EntryKinds.AnchorBatched, origin, Time.GetUtcNow(), new CanonicalObject()
            .Add("block", anchored.Block).Add("chainId", anchored.ChainId).Add("contract", anchored.Contract)
            .Add("from", anchored.From).Add("root", Convert.ToHexStringLower(anchored.Root))
            .Add("size", anchored.Size).Add("to", anchored.To).Add("transaction", anchored.Transaction));
        return new Step(anchored.To, [entry], new Cover(EntryKinds.AnchorBatched, anchored.From, anchored.To));
    }

    private async Task<long> SaidAsync()
    {
        var batched = await Log.LatestAsync(LogNumber, EntryKinds.AnchorBatched, Stopping);
        var lost = await Log.LatestAsync(LogNumber, EntryKinds.AnchorLost, Stopping);
        return lost is not null && lost.Index > (batched?.Index ?? -1) ? Number(lost, "from")
            : batched is not null ? Number(batched, "to")
            : 0;
    }

    private static long Number(LogEntry entry, string name)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        return document.RootElement.GetProperty("body").GetProperty(name).GetInt64();
    }
}
