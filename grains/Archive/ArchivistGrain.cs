using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.AuditLog;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Archive;

/// <summary>Puts the canonical record of every accepted incident into the block store, and one manifest per batch.</summary>
[PlacedBesideItsLog]
internal sealed class ArchivistGrain(
    IAuditLogReader log, IBlockStore blocks, TimeProvider time, IHostApplicationLifetime host, ILogger<ArchivistGrain> logger)
    : FollowerGrain(log, time, host, logger), IArchivistGrain
{
    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Follower => "archive";

    protected override TimeSpan Pace => TimeSpan.FromMilliseconds(100);

    protected override async Task<Step> FollowAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        var to = from + entries.Count;
        var records = entries
            .Where(entry => entry.Kind == EntryKinds.IncidentAccepted)
            .Select(entry => AcceptedIncident.BlockOf(entry.Bytes))
            .ToList();
        if (records.Count == 0)
        {
            return Step.Skip(to);
        }

        var manifest = ArchiveManifest.Write([.. records.Select(record => record.Cid)]);
        var root = Cid.Of(Cid.DagCbor, manifest);
        await blocks.PutAsync([.. records, new Block(root, manifest)], Stopping);

        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        var said = Entry.Write(EntryKinds.ArchiveBatched, head.Origin, Time.GetUtcNow(), new CanonicalObject()
            .Add("count", records.Count).Add("from", from).Add("root", root.Text).Add("to", to));
        return new Step(to, [said], new Cover(EntryKinds.ArchiveBatched, from, to));
    }
}
