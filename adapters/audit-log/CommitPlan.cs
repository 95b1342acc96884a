using CapOrleans.Core.Caps;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.AuditLog;

/// <param name="DeleteAfter">Covers that end after this index are deleted; null to delete none.</param>
/// <param name="Added">The range that the entry at <paramref name="Index"/> covers; null for none.</param>
internal sealed record CoverChange(string Kind, long? DeleteAfter, CoveredRange? Added, long Index);

/// <summary>
/// Decides, in order, which appends of a batch are committed, and collects their rows. Both databases share this logic:
/// they supply the facts and write the rows. An append is checked completely before any of its rows is collected.
/// </summary>
internal sealed partial class CommitPlan(MerkleFrontier frontier, ICommitFacts facts)
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

        CollectWork(append, first);
        if (append.Cover is { } cover)
        {
            var isRewind = append.Offset is { } back && back.To < back.From;
            Covers.Add(new CoverChange(cover.Kind, isRewind ? append.Offset!.To : null, cover.To > cover.From ? cover : null, first));
        }
    }
}
