using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.MerkleTree;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.AuditLog;

/// <summary>
/// Builds incident views from log entries. Whether an incident is archived or anchored follows from its index and the
/// batch entry that covers it; nothing is ever written back to an incident.
/// </summary>
internal sealed class IncidentViews(IAuditLogReader reader, IIncidentGroupReader groups, LogMap logs, IGrainFactory grains)
{
    private static readonly AnchorReference NotAnchored = new("pending", null, null, null, null);

    /// <returns>The incident with all its updates, and the size of its group.</returns>
    public async Task<IncidentView> OfAsync(LogEntry entry, CancellationToken cancellationToken)
    {
        var view = (await OfAsync([entry], cancellationToken))[0];
        view = view with { Group = await groups.CountAsync(view.CapId, view.Group, cancellationToken) };
        return view.UpdateCount <= 1 ? view : view with
        {
            Updates = [.. (await reader.UpdatesAsync([(view.CapId, view.IncidentId)], cancellationToken)).Select(update =>
                IncidentUpdates.ReadView(update).View)],
        };
    }

    /// <param name="entries">Accepted incidents.</param>
    /// <returns>The incidents in the same order, each with only its newest update: keys may write more updates than fit
    /// a page.</returns>
    public async Task<IReadOnlyList<IncidentView>> OfAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        var (views, covers) = (new List<IncidentView>(entries.Count), new Dictionary<(int Log, string Kind), Covers>());
        var pending = new Dictionary<int, IReadOnlyList<AnchorConfirmation>>();
        var incidents = entries.Select(entry => AcceptedIncident.Read(entry.Bytes)).ToList();
        var corrections = (await reader.CorrectionsAsync(incidents.ConvertAll(incident => (incident.CapId, incident.IncidentId)),
            cancellationToken))
            .Select(ScoreCorrection.ReadView)
            .ToLookup(correction => (correction.CapId, correction.IncidentId), correction => correction.View);
        var updates = (await reader.UpdateSummariesAsync(
            [.. incidents.SelectMany(incident => incident.Group is { IsNew: false, First: var first }
                ? [(incident.CapId, incident.IncidentId), (incident.CapId, first)]
                : new[] { (incident.CapId, incident.IncidentId) }).Distinct()],
            cancellationToken)).ToDictionary(update => (update.CapId, update.IncidentId));
        foreach (var (entry, accepted) in entries.Zip(incidents))
        {
            var anchor = await FindAsync(EntryKinds.AnchorBatched) is { } body ? Anchored(body) : await PendingAsync();
            var id = (accepted.CapId, accepted.IncidentId);
            var first = accepted.Group is { First: var firstId } ? updates.GetValueOrDefault((accepted.CapId, firstId)) : null;
            views.Add(Of(entry, accepted, await FindAsync(EntryKinds.ArchiveBatched), anchor, corrections[id],
                updates.GetValueOrDefault(id), GroupStateOf(accepted.Group, first)));

            Task<JsonElement?> FindAsync(string kind)
            {
                var key = (LogOf(accepted), kind);
                var cover = covers.TryGetValue(key, out var known) ? known : covers[key] = new Covers(reader, key.Item1, kind);
                return cover.FindAsync(entry.Index, cancellationToken);
            }

            async Task<AnchorReference> PendingAsync()
            {
                var log = LogOf(accepted);
                var batches = pending.TryGetValue(log, out var known) ? known : pending[log] = await grains.GetGrain<IAnchorerGrain>(log).PendingAsync();
                return batches.FirstOrDefault(batch => entry.Index >= batch.From && entry.Index < batch.To) is { } included
                    ? new AnchorReference("included", included.ChainId, included.Contract, included.Transaction, included.Block)
                    : NotAnchored;
            }
        }

        return views;
    }

    /// <returns>
    /// The state that an incident has from its group's first; a first that recovered by itself says nothing about the
    /// others of its agent.
    /// </returns>
    private static int GroupStateOf(IncidentGroup? group, UpdateSummary? first) => first is null
        || (group!.Rule != GroupRules.DedupKey && first.StateRank == IncidentUpdates.ResolvedRank
            && IncidentUpdates.ReadView(first.Newest).View.IsRecovery())
        ? 0 : first.StateRank;

    public int LogOf(AcceptedIncident accepted) => LogOf(accepted.CapId);

    public int LogOf(string capId) => logs.Of(capId);

    public static string OriginOf(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        return document.RootElement.GetProperty("origin").GetString()!;
    }

    private static AnchorReference Anchored(JsonElement body) => new(
        "anchored", body.GetProperty("chainId").GetInt64(), body.GetProperty("contract").GetString(), body.GetProperty("transaction").GetString(),
        body.GetProperty("block").GetInt64());

    private static IncidentView Of(
        LogEntry entry, AcceptedIncident accepted, JsonElement? archive, AnchorReference anchor, IEnumerable<CorrectionView> corrections,
        UpdateSummary? updates, int groupStateRank) =>
        new IncidentView(
            accepted.IncidentId, accepted.CapId, accepted.Agent, accepted.TimestampText, accepted.Severity, accepted.Description,
            accepted.Signer, accepted.Scheme, accepted.Feedback, accepted.Misuse, accepted.CapPotential,
            accepted.Weight, accepted.DeltaCap, accepted.AuditHash, accepted.AcceptedAt,
            new LogPosition(OriginOf(entry), entry.Index, Convert.ToHexStringLower(MerkleHash.Leaf(entry.Bytes))),
            new ArchiveReference(archive is null ? "pending" : "archived", accepted.Cid.Text),
            anchor, [.. corrections], IncidentUpdates.States[updates?.StateRank ?? groupStateRank],
            updates is null ? [] : [IncidentUpdates.ReadView(updates.Newest).View], updates?.Count ?? 0,
            accepted.Group, accepted.Integration);

    /// <summary>
    /// Finds the batch that covers an entry. Remembers the last one, since it usually covers the neighbours too.
    /// </summary>
    private sealed class Covers(IAuditLogReader reader, int log, string kind)
    {
        private (long From, long To, JsonElement Body)? last;
        private long pendingFrom = long.MaxValue;

        public async Task<JsonElement?> FindAsync(long index, CancellationToken cancellationToken)
        {
            if (last is { } cached && index >= cached.From && index < cached.To)
            {
                return cached.Body;
            }

            if (index >= pendingFrom)
            {
                return null; // batches are made in order: after the first uncovered entry, none is covered
            }

            if (await reader.CoveringAsync(log, kind, index, cancellationToken) is not { } entry)
            {
                pendingFrom = index;
                return null;
            }

            using var document = JsonDocument.Parse(entry.Bytes);
            var body = document.RootElement.GetProperty("body").Clone();
            last = (body.GetProperty("from").GetInt64(), body.GetProperty("to").GetInt64(), body);
            return body;
        }
    }
}
