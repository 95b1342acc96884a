using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Grains.Archive;

/// <summary>A block that the archive published, rebuilt from the log's own bytes.</summary>
/// <param name="Index">Index of the entry it belongs to: an accepted incident, or a batch.</param>
/// <param name="From">Index of the batch's first entry.</param>
/// <param name="To">Index after the batch's last entry.</param>
internal sealed record ArchivedLink(Block Block, long Index, long From, long To);

/// <summary>Finds what the archive published for a log entry: an incident's record, or a batch's manifest.</summary>
internal sealed class ArchivedLinks(IAuditLogReader log, int number)
{
    /// <summary>Maximum entries per batch; the archivist makes no larger ones.</summary>
    private const int BatchLimit = 500;

    public static bool HasLink(LogEntry entry) => entry.Kind is EntryKinds.IncidentAccepted or EntryKinds.ArchiveBatched;

    /// <returns>Null when the archive has published nothing for the entry, or not yet.</returns>
    public async Task<ArchivedLink?> FindAsync(LogEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Kind == EntryKinds.IncidentAccepted)
        {
            return AcceptedProof.TryRead(entry.Bytes, out _)
                && await log.CoveringAsync(number, EntryKinds.ArchiveBatched, entry.Index, cancellationToken) is { } batch && RangeOf(batch) is { } its
                ? new ArchivedLink(AcceptedIncident.BlockOf(entry.Bytes), entry.Index, its.From, its.To)
                : null;
        }

        if (RangeOf(entry) is not { } range)
        {
            return null;
        }

        var manifest = ArchiveManifest.Write(await RecordsAsync(range.From, range.To, cancellationToken));
        var root = Cid.Of(Cid.DagCbor, manifest);
        return root.Text == range.Root ? new ArchivedLink(new Block(root, manifest), entry.Index, range.From, range.To)
            : null; // not the archivist's work, so the log cannot restore it
    }

    private async Task<IReadOnlyList<Cid>> RecordsAsync(long from, long to, CancellationToken cancellationToken)
    {
        var records = new List<Cid>();
        for (var at = from; at < to && to - from <= BatchLimit;)
        {
            var (entries, _) = await log.ReadAsync(number, at, (int)(to - at), cancellationToken);
            if (entries.Count == 0)
            {
                break;
            }

            records.AddRange(entries.Where(entry => entry.Kind == EntryKinds.IncidentAccepted && AcceptedProof.TryRead(entry.Bytes, out _))
                .Select(entry => AcceptedIncident.BlockOf(entry.Bytes).Cid));
            at = entries[^1].Index + 1;
        }

        return records;
    }

    private static (long From, long To, string Root)? RangeOf(LogEntry batch)
    {
        try
        {
            var body = JsonElement.Parse(batch.Bytes).GetProperty("body");
            return (body.GetProperty("from").GetInt64(), body.GetProperty("to").GetInt64(), body.GetProperty("root").GetString() ?? "");
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
