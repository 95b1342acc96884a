using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.LogVerifier;

/// <summary>Queries the store as the service does, and compares the answers with the replay.</summary>
internal sealed class StoreChecks(int log, IAuditLogReader reader, IBlockStore? blocks)
{
    /// <summary>Maximum concurrent queries.</summary>
    private const int Parallel = 8;

    private static readonly (string Consumer, string Kind)[] Consumers =
        [("archive", EntryKinds.ArchiveBatched), ("anchor", EntryKinds.AnchorBatched)];

    /// <summary>
    /// Position up to which the list of incidents was read; it may list nothing that was not replayed as an accepted
    /// incident.
    /// </summary>
    private long listedTo = PackedPosition.Of(log, 0) - 1;

    /// <summary>Checks that each incident is found by its name, and that no others are listed before them.</summary>
    /// <param name="incidents">In order; all since those that were checked before.</param>
    public async Task CheckIncidentsAsync(IReadOnlyList<VerifiedIncident> incidents, Findings findings, CancellationToken cancellationToken)
    {
        for (var listed = 0; listed < incidents.Count;)
        {
            var page = await ListAsync(incidents.Count - listed, cancellationToken);
            var expected = incidents.Skip(listed).Take(page.Count).Select(incident => incident.Index);
            if (page.Count == 0 || !page.Select(entry => entry.Index).SequenceEqual(expected))
            {
                findings.Add($"the list of incidents up to entry {incidents[^1].Index} does not match the log");
                break;
            }

            listed += page.Count;
            listedTo = PackedPosition.Of(log, page[^1].Index);
        }

        listedTo = PackedPosition.Of(log, incidents[^1].Index);
        await ForEachAsync(incidents, findings, async incident =>
        {
            var (capId, id) = (incident.Incident.CapId, incident.Incident.IncidentId);
            var found = await reader.FindIncidentAsync(capId, id, cancellationToken);
            return found?.Index == incident.Index ? null : $"entry {incident.Index} is not found as {capId}/{id}";
        }, cancellationToken);
    }

    /// <summary>
    /// Checks that the list of incidents ends with the last one of the replay; incidents accepted since may follow.
    /// </summary>
    public async Task CheckEndOfListAsync(LogReplay replay, Findings findings, CancellationToken cancellationToken)
    {
        if (await ListAsync(1, cancellationToken) is [var next] && next.Index < replay.Size && replay.IsOfThisLog(next))
        {
            findings.Add($"entry {next.Index} is listed as an incident but is not one");
        }
    }

    private async Task<IReadOnlyList<LogEntry>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        var all = new IncidentQuery(CapId: null, Severities: null, From: null, To: null, After: listedTo, Limit: Math.Min(1000, limit));
        return (await reader.FindIncidentsAsync(all, cancellationToken)).Entries;
    }

    /// <summary>Checks that everything that the log records as archived can be read.</summary>
    public Task CheckBlocksAsync(IReadOnlyList<Cid> archived, Findings findings, CancellationToken cancellationToken) => blocks is null
        ? Task.CompletedTask
        : ForEachAsync(archived, findings, async cid =>
            await blocks.FindAsync(cid, cancellationToken) is not null ? null
                : $"block {cid.Text} is archived according to the log, but cannot be read", cancellationToken);

    /// <summary>
    /// Checks totals, contexts, offsets and covers, which the store updates in place as the log grows.
    /// </summary>
    public async Task CheckTotalsAsync(LogReplay replay, Findings findings, CancellationToken cancellationToken)
    {
        await ForEachAsync(replay.Caps, findings, async cap => await reader.FindCapAsync(cap.Key, cancellationToken) switch
        {
            null => $"{cap.Key} is not stored",
            var (context, score, incidents) when (score, incidents) != (cap.Value.Score, cap.Value.Incidents) =>
                $"{cap.Key} is stored with {incidents} incidents and a score of {score}; "
                    + $"its entries add up to {cap.Value.Incidents} and {cap.Value.Score}",
            var (context, _, _) when !cap.Value.Matches(context) =>
                $"the stored keys, numbers or policy of {cap.Key} differ from its entries",
            _ => null,
        }, cancellationToken);
        foreach (var (consumer, kind) in Consumers)
        {
            var (position, covered) = (await reader.PositionAsync(log, consumer, cancellationToken), replay.Covered(kind));
            if (position > replay.Size)
            {
                findings.Add($"the offset of {consumer}, {position}, is beyond the end of the log, {replay.Size}");
            }

            // An anchor's entry is committed before the offset moves, and the contract determines where to continue.
            if (kind == EntryKinds.ArchiveBatched && position < covered)
            {
                findings.Add($"the offset of {consumer}, {position}, is before {covered}, the end of the range that its entries cover");
            }

            if (await reader.CoveringAsync(log, kind, covered, cancellationToken) is not null
                || (replay.EndsWithBatch(kind) && await reader.CoveringAsync(log, kind, covered - 1, cancellationToken) is null))
            {
                findings.Add($"the store's end of {kind} is not {covered}, the end in the log");
            }
        }
    }

    private static async Task ForEachAsync<T>(
        IEnumerable<T> items, Findings findings, Func<T, Task<string?>> check, CancellationToken cancellationToken)
    {
        foreach (var chunk in items.Chunk(Parallel))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var fault in (await Task.WhenAll(chunk.Select(CheckAsync))).OfType<string>())
            {
                findings.Add(fault);
            }
        }

        async Task<string?> CheckAsync(T item)
        {
            try
            {
                return await check(item);
            }
            catch (Exception fault) when (fault is JsonException or FormatException or InvalidOperationException)
            {
                return $"the stored data of {item} cannot be read";
            }
        }
    }
}
