using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Telemetry;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace CapOrleans.Grains.AuditLog;

/// <summary>
/// The single writer of one log. Re-entrant, so that hundreds of appends can wait concurrently and be committed in one
/// transaction. If a second activation exists for a while, the store's compare-and-swap lets one of them win; the other
/// deactivates and starts again.
/// </summary>
[Reentrant, PlacedBesideItsLog]
internal sealed partial class AuditLogGrain(
    IAuditLogWriter store, LocalLogs local, IMembershipTable members, IClusterMembershipService membership, ILocalSiloDetails silo,
    IGrainFactory grains, TimeProvider time, ILogger<AuditLogGrain> logger)
    : Grain, IAuditLogGrain
{
    private static readonly TimeSpan CheckAge = TimeSpan.FromSeconds(1);

    private GroupCommit? commit;
    private Task<AppendOutcome> check = Task.FromResult(new AppendOutcome(AppendVerdict.Undecided));
    private long? checkedAt;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var log = (int)this.GetPrimaryKeyLong();
        await EnsureMemberAsync(cancellationToken);
        var head = await store.OpenAsync(log, cancellationToken);
        var context = GrainContext;
        var archivist = grains.GetGrain<IArchivistGrain>(log);
        var anchorer = grains.GetGrain<IAnchorerGrain>(log);
        var webhooks = grains.GetGrain<IWebhooksGrain>(0);
        var ladders = grains.GetGrain<ILaddersGrain>(0);

        // Runs on the committer's thread, where the grain's own services are not available.
        void NudgeConsumers(IReadOnlyList<Append> committed)
        {
            _ = archivist.NudgeAsync();
            _ = anchorer.NudgeAsync();
            var concerned = Concerned.By(committed);
            _ = concerned.Webhooks ? concerned.CapIds is { } capIds ? webhooks.NudgeAsync(log, capIds) : webhooks.NudgeAsync(log)
                : Task.CompletedTask;
            _ = concerned.Ladders ? ladders.NudgeAsync(log) : Task.CompletedTask;
        }

        GroupCommit? opened = null;
        commit = opened = new GroupCommit(store, log, head, NudgeConsumers, fault =>
        {
            LogCommitFailed(fault, log);
            local.Remove(log, opened!);
            context.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, fault, "A commit failed."));
        });
        local.Add(log, commit);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (commit is not null)
        {
            local.Remove((int)this.GetPrimaryKeyLong(), commit);
            await commit.FinishAsync();
        }
    }

    public async Task<AppendOutcome> AppendAsync(Append append)
    {
        using var span = CallTrace.Start(CapTelemetry.Source, "log.append");
        return await commit!.AppendAsync(append);
    }

    public Task<LogHead> HeadAsync() => Task.FromResult(commit!.Head);

    public async Task<LogHead> CheckAsync()
    {
        if (checkedAt is not { } at || time.GetElapsedTime(at) >= CheckAge)
        {
            (check, checkedAt) = (commit!.AppendAsync(new Append { Entries = [] }), time.GetTimestamp());
        }

        await check; // Busy is fine too: a full queue means that commits are being made
        return commit!.Head;
    }

    /// <summary>
    /// Throws if this silo was declared dead. Opening a log fences its present writer, and a silo that was suspended
    /// and does not know that it was declared dead must not do that to the silo that has the log now. The membership
    /// refresh makes it find out, and stop.
    /// </summary>
    private async Task EnsureMemberAsync(CancellationToken cancellationToken)
    {
        // Read the table itself: waiting for the silo's own view of it can take forever while the silo stops.
        var rows = await members.ReadRowAsync(silo.SiloAddress, cancellationToken);
        if (rows.TryGet(silo.SiloAddress)?.Item1.Status == SiloStatus.Dead)
        {
            _ = membership.Refresh(cancellationToken: CancellationToken.None).AsTask();
            throw new SiloUnavailableException("The cluster has declared this silo dead; it does not open logs any more and stops.");
        }
    }
}
