using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Consumers;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Anchors;

/// <summary>
/// Anchors the log on the chain, one batch per transaction: an event for each incident, and a root that covers every
/// entry. The contract stores its position and refuses a batch that does not start there, so it is the record of
/// progress: after a crash it is asked, and nothing is guessed. Its answers count only where they equal our own tree,
/// because anyone may control a node, a contract or a key.
/// </summary>
/// <remarks>
/// The next batch does not wait until the previous one is deep enough, see <see cref="PendingAnchors"/>. Crash after a
/// transaction was sent: the contract is ahead of the log's last <c>anchor.batched</c>; the events that moved it are
/// looked up, compared with the log's roots at their sizes, and logged. If the chain lost blocks, the contract is
/// behind: <c>anchor.lost</c> is logged, see <see cref="LostAnchors"/>, and the range is anchored again. If the
/// contract is ahead of the whole log, or has an event that is not ours, <c>anchor.conflict</c> is logged once, and
/// nothing is anchored until the conflict is gone. Tests: <c>A_crash_after_sending_anchors_once</c>,
/// <c>What_another_anchors_under_our_name_does_not_count</c>,
/// <c>A_log_older_than_its_contract_trusts_none_of_its_anchors</c>.
/// </remarks>
[PlacedBesideItsLog]
internal sealed partial class AnchorerGrain(
    IAuditLogReader log, AnchorSchedule schedule, TimeProvider time, IHostApplicationLifetime host, ILogger<AnchorerGrain> logger)
    : ConsumerGrain(log, time, host, logger), IAnchorerGrain
{
    /// <summary>How often the contract is checked for lost anchors while there is nothing to anchor.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    private readonly BatchBuilder batches = new();
    private readonly PendingAnchors pending = new(time);

    private string origin = "";
    private AnchorName name = AnchorName.OfOrigin("");
    private LoggedAnchor logged = LoggedAnchor.None;
    private ContractPosition contract = new(0, "", 0);
    private DateTimeOffset? askedAt; // null: something was refused or lost, and the contract must be asked

    private IChainGrain Chain => GrainFactory.GetGrain<IChainGrain>(0);

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Consumer => "anchor";

    protected override TimeSpan Interval => schedule.Interval;

    protected override int ReadLimit => BatchBuilder.IncidentLimit * BatchBuilder.BatchLimit;

    public Task<IReadOnlyList<AnchorConfirmation>> PendingAsync() => Task.FromResult(pending.All);

    /// <summary>Counts batches whose block is not deep enough yet as lag.</summary>
    public override async Task<Progress> ProgressAsync()
    {
        var progress = await base.ProgressAsync();
        return pending.IsEmpty ? progress : progress with { Position = logged.To, Lag = progress.Lag + Math.Max(0, progress.Position - logged.To) };
    }

    protected override async Task PrepareAsync()
    {
        if ((askedAt is not { } at || Time.GetUtcNow() - at >= LookInterval) && await Log.HeadAsync(LogNumber, Stopping) is { } made)
        {
            // While nothing is amiss, all logs share one poll.
            var maxAge = askedAt is null ? TimeSpan.Zero : LookInterval / 2;
            (askedAt, origin) = (null, made.Origin);
            await AskAsync(maxAge);
            askedAt = Time.GetUtcNow();
        }

        await LogConfirmedAsync();
    }

    protected override async Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        var asked = askedAt;
        askedAt = null; // until the batches below are confirmed
        while (true)
        {
            var contents = batches.TakeAll(from, entries);
            if (contents.Count == 0)
            {
                askedAt = asked;
                return Step.Skip(entries[^1].Index + 1);
            }

            while (pending.IsFull)
            {
                await Task.Delay(PendingAnchors.Interval, Time, Stopping);
                await LogConfirmedAsync();
            }

            var head = (await Log.HeadAsync(LogNumber, Stopping))!;
            var result = await Chain.AnchorAsync(Batches(contents, head)).WaitAsync(Stopping);
            if (result.Confirmed.Count == 0)
            {
                if (!batches.TryShrink(contents[0]))
                {
                    throw new OrleansException(result.TooLarge!);
                }

                continue;
            }

            foreach (var (content, confirmed) in contents.Zip(result.Confirmed))
            {
                await ConfirmAsync(content, confirmed, head);
            }

            await LogConfirmedAsync();
            askedAt = asked;
            var done = contents.Take(result.Confirmed.Count).ToList();
            return new Step(
                done[^1].To, [.. done.SelectMany(content => content.WithoutFullRecord).Select(passed => AnchorEntries.RecordSkipped(passed, origin, Time.GetUtcNow()))], DidWork: true);
        }
    }

    private IReadOnlyList<AnchorBatch> Batches(IReadOnlyList<BatchContent> contents, LogHead head) =>
        [.. contents.Select((content, i) => new AnchorBatch(
            name.Text, i == 0 ? contract.Position : contents[i - 1].To, content.To, head.Root, head.Size, content.Incidents, content.Records))];

    private async Task ConfirmAsync(BatchContent content, AnchorConfirmation confirmed, LogHead head)
    {
        batches.Grow();
        if ((confirmed.From, confirmed.To, confirmed.Size) != (contract.Position, content.To, head.Size) || !confirmed.Root.AsSpan().SequenceEqual(head.Root))
        {
            throw await LogConflictAsync(new AnchorConflict(AnchorConflict.OtherRoot, contract, head.Size, confirmed, head.Root));
        }

        contract = contract with { Position = content.To };
        pending.Add(WithLogStart(confirmed));
    }

    /// <summary>Logs each batch that is deep enough by now as anchored.</summary>
    private async Task LogConfirmedAsync()
    {
        var asked = askedAt;
        askedAt = null; // if a block left the chain, the contract must be asked again
        while (await pending.TakeFinalAsync(batch => Chain.SightAsync(batch.Block,
            batch.BlockHash).WaitAsync(Stopping)) is var (anchored, at))
        {
            await LogAsync(AnchorEntries.Batched(anchored, at, origin, name.Text, Time.GetUtcNow()),
                new CoveredRange(EntryKinds.AnchorBatched, anchored.From, anchored.To));
            logged = LoggedAnchor.Of(anchored, at);
        }

        askedAt = asked;
    }
}
