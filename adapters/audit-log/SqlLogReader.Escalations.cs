using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Escalation;

namespace CapOrleans.AuditLog;

/// <summary>Reads escalations, which are stored with their log.</summary>
public abstract partial class SqlLogReader : IEscalationReader
{
    public Task<IReadOnlyList<EscalationRow>> DueAsync(int log, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        QueryAsync(EscalationRows.Due, EscalationRows.Read, cancellationToken, log, now.ToUnixTimeMilliseconds(), limit);

    public async Task<DateTimeOffset?> NextDueAsync(int log, CancellationToken cancellationToken)
    {
        var found = await QueryAsync(
            EscalationRows.NextDue, row => new { At = row.IsDBNull(0) ? (long?)null : row.GetInt64(0) }, cancellationToken, log);
        return found[0].At is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
    }

    public Task<IReadOnlyList<string>> SilencesAsync(int log, CancellationToken cancellationToken) =>
        QueryAsync(EscalationRows.Silences, row => row.GetString(0), cancellationToken, log);

    public Task<IReadOnlyList<EscalationRow>> HeldAsync(
        int log, string silence, long after, int limit, CancellationToken cancellationToken) =>
        QueryAsync(EscalationRows.Held, EscalationRows.Read, cancellationToken, log, silence, after, limit);

    public async Task<long> CountOpenAsync(int log, int most, CancellationToken cancellationToken) =>
        (await QueryAsync(EscalationRows.Count, row => new { Count = row.GetInt64(0) }, cancellationToken, log, most))[0].Count;

    public Task<IReadOnlyList<UnansweredCount>> UnansweredAsync(CancellationToken cancellationToken) =>
        QueryAsync(EscalationRows.UnansweredCounts, row => new UnansweredCount(
            row.GetString(0), row.GetInt64(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2))), cancellationToken);

    public Task<IReadOnlyList<UnansweredRow>> UnansweredAsync(string ladder, int limit, CancellationToken cancellationToken) =>
        QueryAsync(EscalationRows.Unanswered, EscalationRows.ReadUnanswered, cancellationToken, ladder, limit);

    public Task<IReadOnlyList<LogEntry>> StepsAsync(string capId, string incidentId, int limit, CancellationToken cancellationToken) =>
        QueryAsync(EscalationRows.StepsOf, ReadEntry, cancellationToken, capId, incidentId, limit);
}
