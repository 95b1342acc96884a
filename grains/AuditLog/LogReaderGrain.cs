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

    public async Task<IncidentPage> IncidentsAsync(IncidentQuery query)
    {
        var found = await reader.FindIncidentsAsync(query, CancellationToken.None);
        var page = await views.OfAsync([.. found.Take(query.Limit)]);
        var next = found.Count > query.Limit ? Place.Of(logs.Of(page[^1].CapId), page[^1].Log.Index) : (long?)null;
        return new IncidentPage(page, next?.ToString(CultureInfo.InvariantCulture));
    }

    public async Task<IReadOnlyList<LogEntry>?> EntriesAsync(int log, long after, int limit) =>
        log >= 0 && log < logs.Count ? await reader.ReadAsync(log, after + 1, limit, CancellationToken.None) : null;

    public async Task<RecordPage> RecordsAsync(int log, long after, int limit)
    {
        var entries = await reader.ReadAsync(log, after + 1, limit, CancellationToken.None);
        var accepted = entries.Where(entry => entry.Kind == EntryKinds.IncidentAccepted).Select(entry => AcceptedIncident.Read(entry.Bytes));
        return new RecordPage(
            [.. accepted.Select(incident => (incident.AcceptedAt, incident.ToAuditRecord()))],
            entries.Count == limit ? entries[^1].Index : null);
    }

    public async Task<ScorePage?> ScoreAsync(string capId, long after, int limit)
    {
        if (await reader.FindCapAsync(capId, CancellationToken.None) is null)
        {
            return null;
        }

        var entries = await reader.ReadScoreAsync(logs.Of(capId), capId, after, limit, CancellationToken.None);
        return new ScorePage([.. entries.Select(ScoreCorrection.Read)], entries.Count == limit ? entries[^1].Index : null);
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
