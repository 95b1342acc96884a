using System.Globalization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.GrainInterfaces;
using Orleans.Concurrency;

namespace CapOrleans.Grains.AuditLog;

[StatelessWorker]
internal sealed class LogReaderGrain(IAuditLogReader reader, LogMap logs, IncidentViews views) : Grain, ILogReaderGrain
{
    public Task<int> CountAsync() => Task.FromResult(logs.Count);

    public async Task<IncidentPage> IncidentsAsync(IncidentQuery query, CancellationToken cancellationToken)
    {
        var found = await reader.FindIncidentsAsync(query, cancellationToken);
        var page = await views.OfAsync(found.Entries, cancellationToken);
        return new IncidentPage(page, found.HasMore ? CursorOf(page[^1], query) : null);
    }

    public async Task<EntrySlice?> EntriesAsync(int log, long after, int limit, CancellationToken cancellationToken)
    {
        if (log < 0 || log >= logs.Count)
        {
            return null;
        }

        var page = await reader.ReadAsync(log, after + 1, limit, cancellationToken);
        return new EntrySlice(page.Entries, page.HasMore);
    }

    public async Task<RecordPage> RecordsAsync(int log, long after, int limit, CancellationToken cancellationToken)
    {
        var (entries, hasMore) = await reader.ReadAsync(log, after + 1, limit, cancellationToken);
        var accepted = entries.Where(entry => entry.Kind == EntryKinds.IncidentAccepted).Select(entry => AcceptedIncident.Read(entry.Bytes));
        return new RecordPage(
            [.. accepted.Select(incident => (incident.AcceptedAt, incident.ToAuditRecord()))],
            hasMore ? entries[^1].Index : null);
    }

    public async Task<ScorePage?> ScoreAsync(string capId, long after, int limit, CancellationToken cancellationToken)
    {
        if (await reader.FindCapAsync(capId, cancellationToken) is null)
        {
            return null;
        }

        var (entries, hasMore) = await reader.ReadScoreAsync(logs.Of(capId), capId, after, limit, cancellationToken);
        return new ScorePage([.. entries.Select(ScoreCorrection.Read)], hasMore ? entries[^1].Index : null);
    }

    private string CursorOf(IncidentView last, IncidentQuery query)
    {
        var place = PackedPosition.Of(logs.Of(last.CapId), last.Log.Index);
        return query.From is null && query.To is null
            ? place.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{last.AcceptedAt.ToUnixTimeMilliseconds()}-{place}");
    }

    public async Task<byte[]?> LatestAsync(string kind)
    {
        var latest = new List<LogEntry>();
        for (var log = 0; log < logs.Count; log++)
        {
            latest.AddRange(await reader.LatestAsync(log, kind, CancellationToken.None) is { } entry ? [entry] : []);
        }

        return latest.MaxBy(entry => Entry.ReadInstant(entry))?.Bytes;
    }
}
