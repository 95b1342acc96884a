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
/// Puts the canonical record of every accepted incident into the block store, and one manifest per batch. On the way it
/// re-checks the incidents' proofs: a proof that fails is recorded by an entry <c>proof.failed</c>, and its incident is
/// archived all the same.
/// </summary>
[PlacedBesideItsLog]
internal sealed partial class ArchivistGrain(
    IAuditLogReader log, IBlockStore blocks, ProofCheckShare share, AdmissionPolicy policy, TimeProvider time, IHostApplicationLifetime host, ILogger<ArchivistGrain> logger)
    : ConsumerGrain(log, time, host, logger), IArchivistGrain
{
    /// <summary>
    /// Timeout for storing a step's blocks: a request that hangs must not hold up the archive once the store answers
    /// again. 2 minutes.
    /// </summary>
    private static readonly TimeSpan PutTimeout = TimeSpan.FromMinutes(2);

    private readonly ProofCheck proofs = new(log, share, policy);
    private readonly HashSet<long> reportedIndexes = []; // indexes reported by this activation
    private FailedProof? lastFailed;
    private bool hasReadLastFailure;

    protected override string? IntegrityFault => lastFailed is { } failed ? $"The proof of entry {failed.Index} is invalid: {failed.Rule}." : null;

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Consumer => "archive";

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(100);

    /// <summary>Reads the last failed proof, found before this activation, from the log.</summary>
    protected override async Task PrepareAsync()
    {
        if (!hasReadLastFailure && await Log.LatestAsync(LogNumber, EntryKinds.ProofFailed, Stopping) is { } entry)
        {
            using var document = JsonDocument.Parse(entry.Bytes);
            var body = document.RootElement.GetProperty("body");
            string Text(string name) => body.GetProperty(name).GetString() ?? "";
            lastFailed ??= new FailedProof(body.GetProperty("index").GetInt64(), Text("capId"), Text("incidentId"), Text("rule"));
        }

        hasReadLastFailure = true;
    }

    /// <summary>
    /// Resumes before any incident that was skipped. Anyone who can call grains could move the offset past an incident
    /// whose proof fails. But every step with an incident leaves an entry with the end of its range, so an incident
    /// between that end and the offset was never checked.
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
            ReportFailedProof(proof); // before the block store is called, which may be unavailable
        }

        // Unreadable entries are reported and skipped: they must not keep later entries from the archive.
        var records = accepted.Where(entry => AcceptedProof.TryRead(entry.Bytes, out _)).Select(entry => AcceptedIncident.BlockOf(entry.Bytes)).ToList();

        var manifest = ArchiveManifest.Write([.. records.Select(record => record.Cid)]);
        var root = Cid.Of(Cid.DagCbor, manifest);
        await blocks.PutAsync([.. records, new Block(root, manifest)], Stopping).WaitAsync(PutTimeout, Time, Stopping);

        var head = (await Log.HeadAsync(LogNumber, Stopping))!;
        var batched = Entry.Write(EntryKinds.ArchiveBatched, head.Origin, Time.GetUtcNow(), new CanonicalObject()
            .Add("count", records.Count).Add("from", from).Add("root", root.Text).Add("to", to));
        return new Step(to, [batched, .. failed.Select(proof => Describe(proof, head.Origin))],
            new CoveredRange(EntryKinds.ArchiveBatched, from, to));
    }

    /// <summary>Reports each failed proof once, however often the step is retried.</summary>
    private void ReportFailedProof(FailedProof failed)
    {
        if (reportedIndexes.Add(failed.Index))
        {
            lastFailed = failed;
            LogFailedProof(failed.CapId, failed.IncidentId, failed.Index, failed.Rule);
        }
    }

    private EntryDraft Describe(FailedProof failed, string origin) => Entry.Write(EntryKinds.ProofFailed, origin, Time.GetUtcNow(), new CanonicalObject()
        .Add("capId", failed.CapId).Add("incidentId", failed.IncidentId).Add("index", failed.Index).Add("rule", failed.Rule));

    [LoggerMessage(120, LogLevel.Critical, "The proof of {CapId}/{IncidentId} (entry {Index}) is invalid: {Rule}. The " +
        "entry was appended without a check.")]
    private partial void LogFailedProof(string capId, string incidentId, long index, string rule);
}
