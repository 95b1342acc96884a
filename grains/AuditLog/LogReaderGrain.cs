using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using Orleans.Concurrency;

namespace CapOrleans.Grains.AuditLog;

[StatelessWorker]
internal sealed class LogReaderGrain(IAuditLogReader log, IncidentViews views) : Grain, ILogReaderGrain
{
    private int Log => (int)this.GetPrimaryKeyLong();

    public async Task<IncidentPage> IncidentsAsync(IncidentQuery query)
    {
        var found = await log.FindIncidentsAsync(Log, query, CancellationToken.None);
        var page = found.Take(query.Limit).ToList();
        var next = found.Count > query.Limit ? page[^1].Index.ToString(System.Globalization.CultureInfo.InvariantCulture) : null;
        return new IncidentPage(await views.OfAsync(page), next);
    }

    public Task<IReadOnlyList<LogEntry>> EntriesAsync(long after, int limit) =>
        log.ReadAsync(Log, after + 1, limit, CancellationToken.None);

    public async Task<IReadOnlyList<(long Index, AuditRecord Record)>> RecordsAsync(long after, int limit)
    {
        var query = new IncidentQuery(null, null, null, null, after, limit);
        var found = await log.FindIncidentsAsync(Log, query, CancellationToken.None);
        return [.. found.Take(limit).Select(entry => (entry.Index, AcceptedIncident.Read(entry.Bytes).ToAuditRecord()))];
    }

    public async Task<byte[]?> LatestAsync(string kind) =>
        (await log.LatestAsync(Log, kind, CancellationToken.None))?.Bytes;
}
