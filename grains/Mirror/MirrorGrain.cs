using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Access;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Anchors;
using CapOrleans.Grains.Consumers;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Mirror;

/// <summary>
/// Mirrors to the chain, as a locked token per CapID, which keys may act for it. It always sends the current context,
/// whichever entry led to it, and the contract skips a version that is not newer. Off unless the settings name a
/// contract.
/// </summary>
/// <remarks>
/// Crash after a transaction was sent: the same CapIDs are sent again, which changes nothing, and the entry names the
/// later transaction. With another contract, or a chain that lost the last logged block, everything is sent again from
/// the start. Tests: <c>A_lost_answer_and_a_restart_change_a_token_once</c>, <c>Another_contract_gets_every_CapID</c>.
/// </remarks>
[PlacedBesideItsLog]
internal sealed class MirrorGrain(
    IAuditLogReader log, ICapMirror mirror, AnchorSchedule schedule, TimeProvider time, IHostApplicationLifetime host, ILogger<MirrorGrain> logger)
    : ConsumerGrain(log, time, host, logger), IMirrorGrain
{
    /// <summary>CapIDs per transaction, with a few keys each; fewer if the chain refuses that many.</summary>
    public const int CapLimit = 20;

    /// <summary>CapIDs named in a message.</summary>
    private const int Named = 5;

    /// <summary>
    /// CapIDs whose last sent version is remembered, so that an entry older than that version sends nothing.
    /// </summary>
    private const int KnownLimit = 10_000;

    private readonly Dictionary<string, long> known = [];
    private readonly SortedSet<string> ahead = new(StringComparer.Ordinal);
    private int limit = CapLimit;

    private IChainGrain Chain => GrainFactory.GetGrain<IChainGrain>(0);

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Consumer => "mirror";

    protected override TimeSpan Interval => schedule.Interval;

    protected override bool CanProceed => mirror.Target is not null;

    protected override string? IntegrityFault => ahead.Count == 0 ? null
        : $"The contract {mirror.Target!.Contract} has newer versions of these CapIDs than the log: " +
            $"{string.Join(", ", ahead.Take(Named))}{(ahead.Count > Named ? $" and {ahead.Count - Named} more" : "")}. Either the log is " +
            "an older copy, or someone else uses the writer's key. Deploy a new CapNFT contract and set CAP_NFT_ADDRESS to its address.";

    public Task<bool> IsOnAsync() => Task.FromResult(CanProceed);

    protected override async Task<long> ResumeAtAsync(long offset)
    {
        known.Clear();
        if (!CanProceed || await Log.LatestAsync(LogNumber, EntryKinds.CapMirrored, Stopping) is not { } entry)
        {
            return offset;
        }

        var (place, block, blockHash, found) = CapToken.Read(entry);
        if (place == mirror.Target && (await Chain.SightAsync(block, blockHash).WaitAsync(Stopping)).Depth != AnchorDepth.Reorganised)
        {
            ahead.UnionWith(found);
            return offset;
        }

        ahead.Clear();
        return 0;
    }

    protected override async Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        while (true)
        {
            var (capIds, to) = Take(from, entries);
            var caps = new List<MirroredCap>(capIds.Count);
            foreach (var capId in capIds)
            {
                if (await Log.FindCapAsync(capId, Stopping) is { } found && found.Context.Version > known.GetValueOrDefault(capId))
                {
                    caps.Add(CapToken.Of(found.Context, Time.GetUtcNow()));
                }
            }

            if (caps.Count == 0)
            {
                return Step.Skip(to);
            }

            var result = await Chain.MirrorAsync(caps).WaitAsync(Stopping);
            if (result.Confirmed is { } confirmed)
            {
                limit = Math.Min(CapLimit, limit * 2);
                await WaitUntilDeepAsync(confirmed);
                return await LogAsync(to, caps, confirmed);
            }

            if (caps.Count == 1)
            {
                throw new OrleansException(result.TooLarge!);
            }

            limit = Math.Max(1, caps.Count / 2);
        }
    }

    /// <returns>The CapIDs that change, without duplicates, and the index of the first entry that was not
    /// examined.</returns>
    private (IReadOnlyList<string> CapIds, long To) Take(long from, IReadOnlyList<LogEntry> entries)
    {
        var (capIds, to) = (new List<string>(), from);
        foreach (var entry in entries)
        {
            if (CapToken.IsChangedBy(entry.Kind) && CapToken.CapIdOf(entry) is { } capId && !capIds.Contains(capId))
            {
                if (capIds.Count == limit)
                {
                    break;
                }

                capIds.Add(capId);
            }

            to = entry.Index + 1;
        }

        return (capIds, to);
    }

    /// <summary>
    /// Waits until the block is deep enough. A failed lookup proves nothing about the block, so nothing is sent again
    /// because of it.
    /// </summary>
    /// <exception cref="OrleansException">The block left the chain.</exception>
    private async Task WaitUntilDeepAsync(MirrorConfirmation confirmed)
    {
        while (true)
        {
            try
            {
                var depth = (await Chain.SightAsync(confirmed.Block, confirmed.BlockHash).WaitAsync(Stopping)).Depth;
                Report(null);
                if (depth == AnchorDepth.Final)
                {
                    return;
                }

                if (depth == AnchorDepth.Reorganised)
                {
                    break;
                }
            }
            catch (Exception fault) when (fault is OrleansException or TimeoutException)
            {
                Report(OneLine.Of(fault.Message));
            }

            await Task.Delay(PendingAnchors.Interval, Time, Stopping);
        }

        throw new OrleansException($"Block {confirmed.Block} with transaction {confirmed.Transaction} was reorganised " +
            "out of the chain; its CapIDs will be sent again.");
    }

    private async Task<Step> LogAsync(long to, List<MirroredCap> caps, MirrorConfirmation confirmed)
    {
        if (known.Count > KnownLimit)
        {
            known.Clear();
        }

        caps.ForEach(cap => known[cap.CapId] = cap.Version);
        ahead.ExceptWith(caps.Select(cap => cap.CapId));
        ahead.UnionWith(confirmed.Ahead);
        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        return new Step(to, [CapToken.Mirrored(confirmed, caps.Select(cap => cap.CapId).Except(confirmed.Ahead), head.Origin, Time.GetUtcNow())]);
    }
}
