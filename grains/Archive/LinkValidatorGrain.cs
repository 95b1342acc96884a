using CapOrleans.Contracts.Archive;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Access;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Consumers;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Archive;

/// <summary>
/// Re-checks everything that the archive published, at each configured location. A CID that no location has is logged
/// once by <c>archive.lost</c>, restored from the log's own bytes, and logged by <c>archive.restored</c>.
/// </summary>
/// <remarks>
/// <para>Walks the log in order, round after round, one CID at a time; a new round begins no sooner than the configured
/// age after the last one. So the next CID is always the one checked longest ago, and one offset and one date are all
/// the state: no row per CID. A younger entry ends a round. The commit of a finding also moves the offset.</para>
/// <para>Does not advance while a CID is lost. So at most one is, and the newest entry of each of the two kinds shows
/// which: a crash after <c>archive.lost</c> does not log it a second time.</para>
/// </remarks>
[PlacedBesideItsLog]
internal sealed partial class LinkValidatorGrain(
    IAuditLogReader log, IBlockStore blocks, ArchiveLocations locations, LinkCheckSchedule schedule, [PersistentState("links")] IPersistentState<LinksState> stored,
    TimeProvider time, IHostApplicationLifetime host, ILogger<LinkValidatorGrain> logger)
    : ConsumerGrain(log, time, host, logger), ILinkValidatorGrain
{
    /// <summary>Wait before a location is retried; the longest that one may ask for; and at the end of the log.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(10), LongestWait = TimeSpan.FromHours(1), IdleInterval = TimeSpan.FromMinutes(1);

    private DateTimeOffset nextAt = DateTimeOffset.MinValue;
    private long endsAt = -1;
    private int checks, restored;
    private string? lostCid, repairFault;

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Consumer => "links";

    protected override TimeSpan Interval => TimeSpan.Zero;

    protected override bool CanProceed => schedule.PerHour > 0 && Time.GetUtcNow() >= nextAt;

    protected override bool ReportsFaults => schedule.PerHour > 0;

    protected override string? IntegrityFault => lostCid is null ? null
        : $"CID {lostCid} was lost from the archive{(repairFault is null ? "" : $" and could not be restored: {repairFault}")}.";

    private string? Notice => string.Join(' ', new[]
    {
        stored.State.NotPublic > 0 ? $"{stored.State.NotPublic} CIDs checked in this round were found at no public gateway." : "",
        restored > 0 ? $"{restored} lost CIDs were restored since the service started." : "",
        repairFault is not null && lostCid is null ? $"An archive location could not be repaired: {repairFault}" : "",
    }.Where(text => text.Length > 0)) is { Length: > 0 } notice ? notice : null;

    /// <summary>Reports no lag, because the validator cycles through the log.</summary>
    public override async Task<Progress> ProgressAsync() => (await base.ProgressAsync()) with { Lag = 0, Notice = Notice };

    /// <summary>Also runs after a fault: an entry may be in the log although the reply was lost.</summary>
    protected override async Task<long> ResumeAtAsync(long offset)
    {
        lostCid = await LinkEntries.OpenLossAsync(Log, LogNumber, Stopping);
        return offset;
    }

    protected override async Task PrepareAsync()
    {
        if (!CanProceed)
        {
            return;
        }

        var now = Time.GetUtcNow();
        if (stored.State.RoundStartedAt == default)
        {
            await stored.ReplaceAsync(new LinksState { RoundStartedAt = now }, DeactivateOnIdle);
        }

        var isAtEnd = Position == endsAt || Position >= ((await Log.HeadAsync(LogNumber, Stopping))?.Size ?? 0);
        if (!isAtEnd)
        {
            return;
        }

        if (now < stored.State.RoundStartedAt + schedule.Age)
        {
            nextAt = Position == endsAt ? nextAt : now + IdleInterval; // at its own end, ConsumeAsync has set it
            return;
        }

        // Crash between the two: the next round starts sooner than necessary.
        if (Position > 0)
        {
            await CommitAsync(Step.Skip(0));
        }

        await stored.ReplaceAsync(new LinksState { RoundStartedAt = now }, DeactivateOnIdle);
        endsAt = -1;
    }

    protected override async Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        var links = new ArchivedLinks(Log, LogNumber);
        foreach (var entry in entries.Where(ArchivedLinks.HasLink))
        {
            var (now, due) = (Time.GetUtcNow(), Entry.ReadInstant(entry) + schedule.Age);
            if (due > now)
            {
                var again = stored.State.RoundStartedAt + schedule.Age;
                (endsAt, nextAt) = (entry.Index, again > now && again < due ? again : due);
                nextAt = nextAt < now + IdleInterval ? now + IdleInterval : nextAt;
                return Step.Skip(entry.Index);
            }

            if (await links.FindAsync(entry, Stopping) is { } link)
            {
                nextAt = now + schedule.Interval;
                return await CheckAsync(link);
            }
        }

        return Step.Skip(from + entries.Count);
    }

    private async Task<Step> CheckAsync(ArchivedLink link)
    {
        var cid = link.Block.Cid;
        var answers = await locations.AskAsync(cid, Stopping);
        switch (LinkRules.Judge(answers, ++checks))
        {
            case LinkVerdict.AskAgain:
                var asked = answers.Max(answer => answer.RetryAfter) ?? RetryInterval;
                nextAt = Time.GetUtcNow() + (asked > LongestWait ? LongestWait : asked > RetryInterval ? asked : RetryInterval);
                return Step.Skip(link.Index);
            case LinkVerdict.Found:
                await RepairAsync(link, answers);
                await CountAsync(answers);
                break;
            default:
                // Crash after this commit: the log has the CID as lost, so it is not logged again.
                // Test: A_crash_after_logging_a_loss_does_not_log_it_twice.
                if (lostCid != cid.Text)
                {
                    await CommitAsync(new Step(link.Index, [LinkEntries.Lost(await OriginAsync(), Time.GetUtcNow(), link, answers)]));
                    lostCid = cid.Text;
                    LogLost(LogNumber, cid.Text, link.Index);
                }

                await RepairAsync(link, answers);
                answers = await locations.AskOwnAsync(cid, Stopping);
                if (LinkRules.Judge(answers, LinkRules.MaxAttempts) != LinkVerdict.Found)
                {
                    nextAt = Time.GetUtcNow() + RetryInterval;
                    return Step.Skip(link.Index);
                }

                break;
        }

        checks = 0;
        if (lostCid != cid.Text)
        {
            return new Step(link.Index + 1, [], DidWork: true);
        }

        await CommitAsync(new Step(link.Index + 1, [LinkEntries.Restored(await OriginAsync(), Time.GetUtcNow(), link, answers)]));
        (lostCid, restored) = (null, restored + 1);
        return Step.Skip(link.Index + 1);
    }

    /// <summary>Gives the block to the deployment's own locations if one lacks it. A fault is only reported: others may
    /// have it.</summary>
    private async Task RepairAsync(ArchivedLink link, IReadOnlyList<LocationAnswer> answers)
    {
        repairFault = null;
        if (!LinkRules.WantsRepair(answers))
        {
            return;
        }

        try
        {
            await blocks.PutAsync([link.Block], Stopping);
            LogRepaired(LogNumber, link.Block.Cid.Text, link.Index);
        }
        catch (Exception fault) when (!Stopping.IsCancellationRequested)
        {
            repairFault = OneLine.Of(fault.Message);
        }
    }

    private async Task CountAsync(IReadOnlyList<LocationAnswer> answers)
    {
        if (LinkRules.IsNotPublic(answers))
        {
            await stored.ReplaceAsync(new LinksState { RoundStartedAt = stored.State.RoundStartedAt, NotPublic = stored.State.NotPublic + 1 }, DeactivateOnIdle);
        }
    }

    private async Task<string> OriginAsync() => (await Log.HeadAsync(LogNumber, Stopping))!.Origin;

    [LoggerMessage(121, LogLevel.Warning, "Log {Log}: CID {Cid} of entry {Index} was found at no reachable location and will be restored")]
    private partial void LogLost(int log, string cid, long index);

    [LoggerMessage(122, LogLevel.Warning, "Log {Log}: CID {Cid} of entry {Index} was restored to a location that had lost it")]
    private partial void LogRepaired(int log, string cid, long index);
}
