using System.Globalization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using Orleans.Concurrency;

namespace CapOrleans.Grains.AuditLog;

/// <summary>Reads pages of the logs. Re-entrant, so that a slow query does not delay others.</summary>
[StatelessWorker, Reentrant]
internal sealed partial class LogReaderGrain(IAuditLogReader reader, IDeliveryReader deliveries, LogMap logs, IncidentViews views,
    TimeProvider time) : Grain, ILogReaderGrain
{
    /// <summary>
    /// Timeout of a query. It is shorter than the caller's, after which no one waits for the result. 8 seconds.
    /// </summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    public Task<int> CountAsync() => Task.FromResult(logs.Count);

    public Task<IncidentPage> IncidentsAsync(IncidentQuery query, CancellationToken cancellationToken) =>
        InTimeAsync(token => FindAsync(query, token), cancellationToken);

    public Task<CapPage> CapsAsync(string after, int limit, CancellationToken cancellationToken) =>
        InTimeAsync(token => ListCapsAsync(after, limit, token), cancellationToken);

    public Task<EntrySlice?> EntriesAsync(int log, long after, int limit, CancellationToken cancellationToken) =>
        InTimeAsync(token => SliceAsync(log, after, limit, token), cancellationToken);

    public Task<IncidentEventSlice?> EventsAsync(
        int log, long after, int limit, IncidentEventFilter filter, CancellationToken cancellationToken) =>
        InTimeAsync(token => ReadEventsAsync(log, after, limit, filter, token), cancellationToken);

    public Task<RecordPage> RecordsAsync(int log, long after, int limit, CancellationToken cancellationToken) =>
        InTimeAsync(token => ReadRecordsAsync(log, after, limit, token), cancellationToken);

    public Task<ScorePage?> ScoreAsync(string capId, long after, int limit, CancellationToken cancellationToken) =>
        InTimeAsync(token => ReadScoreAsync(capId, after, limit, token), cancellationToken);

    public Task<DeliveryPage> DeliveriesAsync(DeliveryQuery query, CancellationToken cancellationToken) =>
        InTimeAsync(token => ListDeliveriesAsync(query, token), cancellationToken);

    public Task<byte[]?> LatestAsync(string kind, CancellationToken cancellationToken) => InTimeAsync(token => FindLatestAsync(kind, token), cancellationToken);

    private async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> query, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await query(linked.Token);
        }
        catch (OperationCanceledException fault) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"A query took longer than {Timeout.TotalSeconds:0} seconds.", fault);
        }
    }

    private async Task<IncidentPage> FindAsync(IncidentQuery query, CancellationToken cancellationToken)
    {
        var found = await reader.FindIncidentsAsync(query, cancellationToken);
        var page = await views.OfAsync(found.Entries, cancellationToken);
        return new IncidentPage(page, found.HasMore ? CursorOf(page[^1], query) : null);
    }

    private async Task<CapPage> ListCapsAsync(string after, int limit, CancellationToken cancellationToken)
    {
        var (caps, hasMore) = await reader.ListCapsAsync(after, limit, cancellationToken);
        return new CapPage(
            [.. caps.Select(cap => new CapSummary(
                cap.Context.CapId, cap.Context.Version, cap.Context.DisplayName, cap.Context.CapPotential, cap.Score, cap.Incidents,
                cap.Context.Keys.Count(key => key.RevokedAt is null)))],
            hasMore ? caps[^1].Context.CapId : null);
    }

    private async Task<EntrySlice?> SliceAsync(int log, long after, int limit, CancellationToken cancellationToken)
    {
        if (log < 0 || log >= logs.Count)
        {
            return null;
        }

        var page = await reader.ReadAsync(log, after + 1, limit, cancellationToken);
        return new EntrySlice(page.Entries, page.HasMore);
    }

    private async Task<RecordPage> ReadRecordsAsync(int log, long after, int limit, CancellationToken cancellationToken)
    {
        var (entries, hasMore) = await reader.ReadAsync(log, after + 1, limit, cancellationToken);
        var accepted = entries.Where(entry => entry.Kind == EntryKinds.IncidentAccepted).Select(entry => AcceptedIncident.Read(entry.Bytes));
        return new RecordPage(
            [.. accepted.Select(incident => (incident.AcceptedAt, incident.ToAuditRecord()))],
            hasMore ? entries[^1].Index : null);
    }

    private async Task<ScorePage?> ReadScoreAsync(string capId, long after, int limit, CancellationToken cancellationToken)
    {
        if (await reader.FindCapAsync(capId, cancellationToken) is null)
        {
            return null;
        }

        var (entries, hasMore) = await reader.ReadScoreAsync(logs.Of(capId), capId, after, limit, cancellationToken);
        return new ScorePage([.. entries.Select(ScoreCorrection.Read)], hasMore ? entries[^1].Index : null);
    }

    private async Task<DeliveryPage> ListDeliveriesAsync(DeliveryQuery query, CancellationToken cancellationToken)
    {
        var found = await deliveries.ListAsync(query, cancellationToken);
        var page = found.Take(query.Limit).ToList();
        var origins = new List<string>();
        for (var log = 0; log < logs.Count; log++)
        {
            origins.Add((await reader.HeadAsync(log, cancellationToken))?.Origin ?? "");
        }

        return new DeliveryPage(page, origins, found.Count == page.Count ? null
            : new DeliveryCursor(page[^1].ChangedAt.ToUnixTimeMilliseconds(), page[^1].Log, page[^1].Index));
    }

    private string CursorOf(IncidentView last, IncidentQuery query)
    {
        var position = PackedPosition.Of(logs.Of(last.CapId), last.Log.Index);
        return query.IsByTime
            ? string.Create(CultureInfo.InvariantCulture, $"{last.AcceptedAt.ToUnixTimeMilliseconds()}-{position}")
            : position.ToString(CultureInfo.InvariantCulture);
    }

    private async Task<byte[]?> FindLatestAsync(string kind, CancellationToken cancellationToken)
    {
        var latest = new List<LogEntry>();
        for (var log = 0; log < logs.Count; log++)
        {
            latest.AddRange(await reader.LatestAsync(log, kind, cancellationToken) is { } entry ? [entry] : []);
        }

        return latest.MaxBy(entry => Entry.ReadInstant(entry))?.Bytes;
    }
}
