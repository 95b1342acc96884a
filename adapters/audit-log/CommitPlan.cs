using CapOrleans.Core.Caps;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.AuditLog;

/// <param name="DeleteAfter">Covers that end after this index are deleted; null to delete none.</param>
/// <param name="Added">The range that the entry at <paramref name="Index"/> covers; null for none.</param>
internal sealed record CoverChange(string Kind, long? DeleteAfter, CoveredRange? Added, long Index);

/// <summary>
/// Decides, in order, which appends of a batch are committed, and collects their rows. Both databases share this logic:
/// they supply the facts and write the rows. An append is checked completely before any of its rows is collected.
/// </summary>
internal sealed class CommitPlan(MerkleFrontier frontier, ICommitFacts facts)
{
    private const decimal ScoreUnits = 10_000m;

    private readonly Dictionary<string, ContextVersion> versions = new(StringComparer.Ordinal);
    private readonly Dictionary<(string CapId, string IncidentId), EarlierIncident> claimed = [];

    /// <summary>In log order; the first gets the log's previous size as its index.</summary>
    public List<EntryDraft> Entries { get; } = [];

    public List<(long Index, IncidentRow Row)> Incidents { get; } = [];

    public List<(long Index, string CapId, string IncidentId, long Adjustment)> Corrections { get; } = [];

    public List<(long Index, string CapId, string IncidentId, int? State)> Updates { get; } = [];

    public Dictionary<string, (long Score, long Incidents)> ScoreChanges { get; } = new(StringComparer.Ordinal);

    public List<CapContext> Contexts { get; } = [];

    public Dictionary<string, long> Offsets { get; } = new(StringComparer.Ordinal);

    public List<CoverChange> Covers { get; } = [];

    /// <summary>The latest row of each delivery.</summary>
    public Dictionary<(string Webhook, long Index), DeliveryRow> Deliveries { get; } = [];

    /// <summary>The latest row of each incident; null to delete it.</summary>
    public Dictionary<long, EscalationRow?> Escalations { get; } = [];

    public List<(long Index, EscalationStepRow Row)> EscalationSteps { get; } = [];

    /// <summary>The latest row of each heartbeat; null to delete it.</summary>
    public Dictionary<(string CapId, string Name), HeartbeatRow?> Heartbeats { get; } = [];

    /// <summary>Webhooks whose deliveries are deleted, before <see cref="Deliveries"/> are written.</summary>
    public List<string> DroppedWebhooks { get; } = [];

    public MerkleFrontier Frontier => frontier;

    public AppendOutcome Add(Append append)
    {
        if (append.Expected is { } expected && VersionOf(expected.CapId) != new ContextVersion(expected.Version, expected.Revision))
        {
            return new AppendOutcome(AppendVerdict.StaleContext);
        }

        if (append.Offset is { } offset && PositionOf(offset.Consumer) != offset.From)
        {
            return new AppendOutcome(AppendVerdict.StaleOffset);
        }

        if (append.Escalations is { } change && PositionOf(EscalationCommit.Offset) != change.Number)
        {
            return new AppendOutcome(AppendVerdict.StaleOffset);
        }

        var first = frontier.Size;
        if (append.Incident is { } incident && Claim(incident, append.Entries[0].Bytes, first) is { } earlier)
        {
            return earlier;
        }

        foreach (var entry in append.Entries)
        {
            Entries.Add(entry);
            frontier.Append(MerkleHash.Leaf(entry.Bytes));
        }

        CollectReadModels(append, first);
        return new AppendOutcome(AppendVerdict.Appended, first);
    }

    private ContextVersion VersionOf(string capId)
    {
        if (!versions.TryGetValue(capId, out var version))
        {
            version = facts.VersionOf(capId);
            versions.Add(capId, version);
        }

        return version;
    }

    private long PositionOf(string consumer) =>
        Offsets.TryGetValue(consumer, out var moved) ? moved : facts.PositionOf(consumer);

    /// <returns>Null when the id is new; this row has then claimed it.</returns>
    private AppendOutcome? Claim(IncidentRow row, byte[] entry, long index)
    {
        var earlier = claimed.GetValueOrDefault((row.CapId, row.IncidentId)) ?? facts.FindIncident(row.CapId, row.IncidentId);
        if (earlier is not null)
        {
            return earlier.ContentHash.AsSpan().SequenceEqual(row.ContentHash)
                ? new AppendOutcome(AppendVerdict.AlreadyAccepted, earlier.Index, earlier.Bytes)
                : new AppendOutcome(AppendVerdict.Conflicts);
        }

        claimed.Add((row.CapId, row.IncidentId), new EarlierIncident(row.ContentHash, index, entry));
        Incidents.Add((index, row));
        AddScore(row.CapId, (long)(row.DeltaCap * ScoreUnits), 1);
        return null;
    }

    private void AddScore(string capId, long units, int incidents)
    {
        var before = ScoreChanges.GetValueOrDefault(capId);
        ScoreChanges[capId] = (before.Score + units, before.Incidents + incidents);
    }

    private void CollectReadModels(Append append, long first)
    {
        if (append.Context is { } context)
        {
            Contexts.Add(context);
            versions[context.CapId] = ContextVersion.Of(context);
        }

        if (append.Correction is { } correction)
        {
            var units = (long)(correction.Adjustment * ScoreUnits);
            Corrections.Add((first, correction.CapId, correction.IncidentId, units));
            AddScore(correction.CapId, units, 0);
        }

        if (append.Update is { } update)
        {
            Updates.Add((first, update.CapId, update.IncidentId, IncidentUpdates.StateRank(append.Entries[0].Kind)));
        }

        if (append.Offset is { } offset)
        {
            Offsets[offset.Consumer] = offset.To;
        }

        if (append.DroppedWebhook is { } dropped)
        {
            DroppedWebhooks.Add(dropped);
            foreach (var delivery in Deliveries.Keys.Where(delivery => delivery.Webhook == dropped).ToList())
            {
                Deliveries.Remove(delivery);
            }
        }

        foreach (var delivery in append.Deliveries)
        {
            Deliveries[(delivery.Webhook, delivery.Index)] = delivery;
        }

        if (append.Heartbeat is { } heartbeat)
        {
            Heartbeats[(heartbeat.CapId, heartbeat.Name)] = heartbeat.Row;
        }

        if (append.Escalations is { } escalations)
        {
            Collect(escalations, first);
        }

        if (append.Cover is { } cover)
        {
            var isRewind = append.Offset is { } back && back.To < back.From;
            Covers.Add(new CoverChange(cover.Kind, isRewind ? append.Offset!.To : null, cover.To > cover.From ? cover : null, first));
        }
    }

    private void Collect(EscalationCommit change, long first)
    {
        Offsets[EscalationCommit.Offset] = change.Number + 1;
        foreach (var ended in change.Ended)
        {
            Escalations[ended] = null;
        }

        foreach (var row in change.Rows)
        {
            Escalations[row.Index] = row;
        }

        EscalationSteps.AddRange(change.Steps.Select((step, at) => (first + at, step)));
    }
}
