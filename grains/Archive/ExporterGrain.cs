using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Access;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Anchors;
using CapOrleans.Grains.Consumers;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Archive;

/// <summary>
/// The range being exported. One that does not start at the offset is from an earlier export, and is ignored.
/// </summary>
[GenerateSerializer, Alias("cap.export-state.v1")]
internal sealed class ExportState
{
    [Id(0)] public long From { get; set; }

    [Id(1)] public long To { get; set; }
}

/// <summary>
/// Exports every entry of the log to IPFS, one range at a time as one CAR, writes the CAR's root to the chain by
/// <c>storeAudit</c>, and records this by one entry <c>archive.exported</c>: anyone who has the contract can find the
/// whole log without this deployment.
/// </summary>
/// <remarks>
/// Steps: 1. the range is stored, so that every attempt makes the same CAR; 2. the CAR is imported, and some of its
/// blocks are read back; 3. its root is written to the chain, once: the contract is asked first; 4. the entry is
/// committed with the offset's move. Crash between any two: all of them run again, and the first three change nothing
/// when repeated. Test: <c>A_crash_between_any_two_steps_exports_once</c>.
/// </remarks>
[PlacedBesideItsLog]
internal sealed class ExporterGrain(
    IAuditLogReader log, ICarStore cars, ExportSchedule schedule, [PersistentState("export")] IPersistentState<ExportState> stored,
    TimeProvider time, IHostApplicationLifetime host, ILogger<ExporterGrain> logger)
    : ConsumerGrain(log, time, host, logger), IExporterGrain
{
    /// <summary>Wait after a fault, since a CAR is expensive to send in vain.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(1);

    /// <summary>How long a transaction may take to be deep in the chain, before all steps run again.</summary>
    private static readonly TimeSpan DepthTimeout = TimeSpan.FromHours(1);

    private readonly WaitingEntries waiting = new(schedule);
    private PastRoots? roots;
    private (Cid Root, long Bytes)? imported; // imported and checked by this activation
    private DateTimeOffset retryAt = DateTimeOffset.MinValue;
    private string fault = "";

    private IChainGrain Chain => GrainFactory.GetGrain<IChainGrain>(0);

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Consumer => "export";

    protected override TimeSpan Interval => TimeSpan.Zero;

    protected override bool CanProceed => schedule.IsOn;

    /// <summary>
    /// No limit: the offset stays where the last export ended, and a restart reads the waiting entries again.
    /// </summary>
    protected override long MaxUncommittedSkip => long.MaxValue;

    /// <summary>
    /// Does not count entries that wait for the next export as lag; without an IPFS node there is nothing to do.
    /// </summary>
    public override async Task<Progress> ProgressAsync()
    {
        var progress = await base.ProgressAsync();
        return schedule.IsOn ? progress : progress with { Lag = 0 };
    }

    protected override Task<long> ResumeAtAsync(long offset)
    {
        waiting.Clear();
        return Task.FromResult(offset);
    }

    protected override async Task PrepareAsync()
    {
        if (Time.GetUtcNow() < retryAt)
        {
            throw new OrleansException(fault);
        }

        var isUnderWay = stored.State.From == Offset && stored.State.To > Offset;
        if (schedule.IsOn && (isUnderWay || waiting.IsDue(Time.GetUtcNow())))
        {
            await CommitAsync(await ExportAsync(Position));
        }
    }

    protected override async Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        foreach (var entry in entries)
        {
            waiting.Add(entry);
            if (waiting.IsFull)
            {
                return await ExportAsync(entry.Index + 1);
            }
        }

        var to = from + entries.Count;
        return waiting.IsDue(Time.GetUtcNow()) ? await ExportAsync(to) : Step.Skip(to);
    }

    /// <param name="to">Index after the last entry, unless an earlier attempt stored another end.</param>
    private async Task<Step> ExportAsync(long to)
    {
        var from = Offset;
        try
        {
            if (stored.State.From != from || stored.State.To <= from)
            {
                await stored.ReplaceAsync(new ExportState { From = from, To = to }, DeactivateOnIdle);
            }

            var step = await RunAsync(from, stored.State.To);
            waiting.Clear();
            return step;
        }
        catch (Exception failed) when (!Stopping.IsCancellationRequested)
        {
            (retryAt, fault) = (Time.GetUtcNow() + RetryInterval, OneLine.Of(failed.Message));
            throw;
        }
    }

    private async Task<Step> RunAsync(long from, long to)
    {
        var origin = (await Log.HeadAsync(LogNumber, Stopping))!.Origin;
        var range = new ExportRange(origin, from, to, await (roots ??= new PastRoots(Log, LogNumber)).RootAtAsync(to, Stopping));
        var export = await LogExport.ReadAsync(Log, LogNumber, range, Stopping);
        var root = export.Index.Cid;
        if (imported?.Root != root)
        {
            var bytes = 0L;
            await cars.ImportAsync(root, export.Samples, async (output, cancellationToken) => bytes = await export.WriteAsync(Log, LogNumber, output, cancellationToken), Stopping);
            imported = (root, bytes);
        }

        // Crash here or after the next line: all steps run again; the contract is asked before the record is sent.
        var onChain = schedule.HasChain ? await StoreAsync(new ChainAudit($"{origin}/{from}-{to}", root.ToBytes()[^32..], root.Text)) : null;
        return new Step(
            to, [Entry.Write(EntryKinds.ArchiveExported, origin, Time.GetUtcNow(), Describe(range, root, imported.Value.Bytes, onChain))],
            new CoveredRange(EntryKinds.ArchiveExported, from, to));
    }

    private static CanonicalObject Describe(ExportRange range, Cid root, long bytes, AnchorConfirmation? onChain) => onChain is null
        ? new CanonicalObject().Add("bytes", bytes).Add("from", range.From).Add("root", root.Text).Add("to", range.To)
        : new CanonicalObject().Add("block", onChain.Block).Add("blockHash", onChain.BlockHash).Add("bytes", bytes).Add("chainId", onChain.ChainId)
            .Add("contract", onChain.Contract).Add("from", range.From).Add("root", root.Text).Add("to", range.To).Add("transaction", onChain.Transaction);

    /// <returns>Where the record is, once its block is deep enough in the chain.</returns>
    private async Task<AnchorConfirmation> StoreAsync(ChainAudit audit)
    {
        var onChain = await Chain.StoreAuditAsync(audit).WaitAsync(Stopping);
        for (var started = Time.GetTimestamp(); Time.GetElapsedTime(started) < DepthTimeout; await Task.Delay(PendingAnchors.Interval, Time, Stopping))
        {
            switch ((await Chain.SightAsync(onChain.Block, onChain.BlockHash).WaitAsync(Stopping)).Depth)
            {
                case AnchorDepth.Final:
                    return onChain;
                case AnchorDepth.Reorganised:
                    throw new OrleansException($"Block {onChain.Block} with transaction {onChain.Transaction} was " +
                        "reorganised out of the chain; the contract will be queried again.");
            }
        }

        throw new OrleansException($"Transaction {onChain.Transaction} does not have enough confirmations after " +
            $"{DepthTimeout.TotalMinutes:0} minutes; the export will be retried.");
    }
}
