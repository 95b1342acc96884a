using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Consumers;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Archive;

/// <summary>
/// Puts the canonical record of every accepted incident into the block store, and one manifest per batch. On the way it checks their proofs
/// again: what does not hold is named by an entry <c>proof.failed</c>, and archived all the same.
/// </summary>
[PlacedBesideItsLog]
internal sealed partial class ArchivistGrain(
    IAuditLogReader log, IBlockStore blocks, ProofCheckShare share, AdmissionPolicy policy, TimeProvider time, IHostApplicationLifetime host, ILogger<ArchivistGrain> logger)
    : ConsumerGrain(log, time, host, logger), IArchivistGrain
{
    /// <summary>
    /// For a step's blocks: a store that says nothing must not keep the archive where it is once it answers again. 2 minutes.
    /// </summary>
    private static readonly TimeSpan PutTimeout = TimeSpan.FromMinutes(2);

    private readonly ProofCheck proofs = new(log, share, policy);
    private readonly HashSet<long> named = []; // indexes, since the activation
    private FailedProof? lastFailed;
    private bool hasLooked;

    protected override string? Finding => lastFailed is { } failed ? $"Entry {failed.Index} does not prove what it says: {failed.Rule}." : null;

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Consumer => "archive";

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(100);

    /// <summary>What was found before this activation is still in the log.</summary>
    protected override async Task PrepareAsync()
    {
        if (!hasLooked && await Log.LatestAsync(LogNumber, EntryKinds.ProofFailed, Stopping) is { } entry)
        {
            using var document = JsonDocument.Parse(entry.Bytes);
            var body = document.RootElement.GetProperty("body");
            string Text(string name) => body.GetProperty(name).GetString() ?? "";
            lastFailed ??= new FailedProof(body.GetProperty("index").GetInt64(), Text("capId"), Text("incidentId"), Text("rule"));
        }

        hasLooked = true;
    }

    /// <summary>
    /// Whoever may call grains may move the offset past an incident that would not prove itself. But every step with an incident leaves an
    /// entry that says how far it came: an incident between there and the offset was never looked at.
    /// </summary>
    protected override async Task<long> ResumeAtAsync(long offset)
    {
        var at = 0L;
        if (await Log.LatestAsync(LogNumber, EntryKinds.ArchiveBatched, Stopping) is { } batched)
        {
            using var document = JsonDocument.Parse(batched.Bytes);
            at = document.RootElement.GetProperty("body").GetProperty("to").GetInt64();
        }

        while (at < offset && await Log.ReadAsync(LogNumber, at, ReadLimit, Stopping) is { Entries: { Count: > 0 } entries })
        {
            if (entries.FirstOrDefault(entry => entry.Kind == EntryKinds.IncidentAccepted) is { } passedOver)
            {
                return Math.Min(offset, passedOver.Index);
            }

            at = entries[^1].Index + 1;
        }

        return offset;
    }

    protected override async Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        var to = from + entries.Count;
        var accepted = entries.Where(entry => entry.Kind == EntryKinds.IncidentAccepted).ToList();
        if (accepted.Count == 0)
        {
            return Step.Skip(to);
        }

        var failed = await proofs.FindAsync(accepted, Stopping);
        foreach (var proof in failed)
        {
            Find(proof); // before the archive is asked, which may be away
        }

        // What cannot be read is named and passed over: it must not keep what is behind it from the archive.
        var records = accepted.Where(entry => AcceptedProof.TryRead(entry.Bytes, out _)).Select(entry => AcceptedIncident.BlockOf(entry.Bytes)).ToList();

        var manifest = ArchiveManifest.Write([.. records.Select(record => record.Cid)]);
        var root = Cid.Of(Cid.DagCbor, manifest);
        await blocks.PutAsync([.. records, new Block(root, manifest)], Stopping).WaitAsync(PutTimeout, Time, Stopping);

        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        var batched = Entry.Write(EntryKinds.ArchiveBatched, head.Origin, Time.GetUtcNow(), new CanonicalObject()
            .Add("count", records.Count).Add("from", from).Add("root", root.Text).Add("to", to));
        return new Step(to, [batched, .. failed.Select(proof => Describe(proof, head.Origin))], new Cover(EntryKinds.ArchiveBatched, from, to));
    }

    /// <summary>Once each, however often the step is tried.</summary>
    private void Find(FailedProof failed)
    {
        if (named.Add(failed.Index))
        {
            lastFailed = failed;
            LogFailedProof(failed.CapId, failed.IncidentId, failed.Index, failed.Rule);
        }
    }

    private EntryDraft Describe(FailedProof failed, string origin) => Entry.Write(EntryKinds.ProofFailed, origin, Time.GetUtcNow(), new CanonicalObject()
        .Add("capId", failed.CapId).Add("incidentId", failed.IncidentId).Add("index", failed.Index).Add("rule", failed.Rule));

    [LoggerMessage(120, LogLevel.Critical, "{CapId}/{IncidentId}, entry {Index}, does not prove what it says: {Rule}. Somebody appended it without a check.")]
    private partial void LogFailedProof(string capId, string incidentId, long index, string rule);
}
