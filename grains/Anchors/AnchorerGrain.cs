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
/// batch that does not start there, so the contract is the memory: after a crash it is asked, not guessed at.
/// </summary>
/// <remarks>
/// Crash after the transaction was sent: the contract is ahead of the log's last <c>anchor.batched</c>; the event that moved
/// it is looked up and said. A chain that lost blocks is behind: <c>anchor.lost</c> is said and the range is anchored again.
/// Tests: <c>A_crash_after_sending_anchors_once</c>, <c>A_chain_that_lost_its_state_is_anchored_again</c>.
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
    private long held; // up to here the contract says so

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Follower => "anchor";

    protected override TimeSpan Pace => pace.Interval;

    protected override async Task PrepareAsync()
    {
        origin = (await Log.HeadAsync(LogNumber, Stopping))?.Origin ?? "";
        held = origin.Length == 0 ? 0 : await Chain.AnchoredAsync(origin).WaitAsync(Stopping);
        said = await SaidAsync();
        if (held < said)
        {
            var lost = Entry.Write(EntryKinds.AnchorLost, origin, Time.GetUtcNow(), new CanonicalObject().Add("from", held).Add("to", said));
            await CommitAsync(new Step(held, [lost], new Cover(EntryKinds.AnchorBatched, held, held)));
            said = held;
        }

        while (said < held)
        {
            var found = await Chain.FindAsync(origin, said).WaitAsync(Stopping)
                ?? throw new ChainUnavailableException($"The contract has anchored up to {held}, but no event says who moved it on from {said}.");
            await CommitAsync(Say(found));
            said = found.To;
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
            if (entry.Kind == EntryKinds.IncidentAccepted)
            {
                var accepted = AcceptedIncident.Read(entry.Bytes);
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
        var confirmed = await Chain.AnchorAsync(
            new AnchorBatch(origin, held, to, head.Root, head.Size, incidents, records)).WaitAsync(Stopping);
        (held, said) = (confirmed.To, confirmed.To);
        return Say(confirmed);
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
            .Add("from", anchored.From).Add("to", anchored.To).Add("transaction", anchored.Transaction));
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
