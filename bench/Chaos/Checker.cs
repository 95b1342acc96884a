using System.Data;
using CapOrleans.Core.AuditLog;
using Npgsql;

namespace CapOrleans.Bench.Chaos;

/// <summary>
/// Reads the database as an auditor would, with queries of its own, and compares: entries with promises, read models with entries.
/// It trusts neither the service nor its read models.
/// </summary>
internal sealed class Checker
{
    private readonly Findings findings;
    private readonly EntryCheck entries;
    private readonly IReadOnlyDictionary<string, Promise> promised;

    private Checker(Findings findings, IReadOnlyDictionary<string, Promise> promised, IReadOnlyDictionary<string, byte[]> offered)
    {
        (this.findings, this.promised) = (findings, promised);
        entries = new EntryCheck(findings, offered);
    }

    public static async Task<(IReadOnlyList<string> Findings, long Entries)> RunAsync(
        NpgsqlDataSource source, IReadOnlyDictionary<string, Promise> promised, IReadOnlyDictionary<string, byte[]> offered)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        var checker = new Checker(new Findings(connection), promised, offered);
        return (await checker.RunAsync(), checker.entries.Entries);
    }

    private async Task<IReadOnlyList<string>> RunAsync()
    {
        var heads = await findings.AskAsync("SELECT log, origin, size, root FROM log_head ORDER BY log", row =>
            (Log: row.GetInt32(0), Origin: row.GetString(1), Size: row.GetInt64(2), Root: row.GetFieldValue<byte[]>(3)));
        foreach (var (log, origin, size, root) in heads)
        {
            await entries.RunAsync(log, origin, size, root);
        }

        CheckPromises();
        await CheckTotalsAsync();
        await CheckReadModelAsync();
        await CheckOffsetsAsync(heads.ToDictionary(head => head.Log, head => head.Size));
        return findings.All;
    }

    private void CheckPromises()
    {
        foreach (var (name, promise) in promised)
        {
            findings.Require(
                entries.Accepted.TryGetValue(name, out var place) && place == promise,
                $"{name} was promised at {promise.Origin}/{promise.Index} and is {(place is null ? "nowhere" : $"at {place.Origin}/{place.Index}")}.");
        }
    }

    private async Task CheckTotalsAsync()
    {
        foreach (var (capId, score, count) in await findings.AskAsync("SELECT cap_id, score, incidents FROM cap", row => (row.GetString(0), row.GetInt64(1) / 10_000m, row.GetInt64(2))))
        {
            findings.Require(entries.Totals.GetValueOrDefault(capId) == (score, count), $"{capId} counts {count} incidents and {score}; its entries give {entries.Totals.GetValueOrDefault(capId)}.");
        }
    }

    private async Task CheckReadModelAsync()
    {
        var rows = 0;
        for (long after = -1; ;)
        {
            var page = await findings.AskAsync(
                "SELECT i.place, i.cap_id, i.incident_id, h.origin FROM incident i JOIN log_head h ON h.log = i.place >> 40 WHERE i.place > $1 ORDER BY i.place LIMIT $2",
                row => (Place: row.GetInt64(0), Name: $"{row.GetString(1)}/{row.GetString(2)}", Origin: row.GetString(3)), after, Findings.PageSize);
            foreach (var (place, name, origin) in page)
            {
                rows++;
                findings.Require(entries.Accepted.TryGetValue(name, out var entry) && (entry.Origin, entry.Index) == (origin, place & ((1L << 40) - 1)), $"The read model has {name} at {origin}, place {place}; the log has not.");
            }

            if (page.Count < Findings.PageSize)
            {
                break;
            }

            after = page[^1].Place;
        }

        findings.Require(rows == entries.Accepted.Count, $"The read model has {rows} incidents, the log {entries.Accepted.Count}.");
    }

    private async Task CheckOffsetsAsync(Dictionary<int, long> sizes)
    {
        foreach (var (log, consumer, position) in await findings.AskAsync("SELECT log, consumer, position FROM consumer_offset", row => (row.GetInt32(0), row.GetString(1), row.GetInt64(2))))
        {
            findings.Require(position <= sizes[log], $"Log {log}: {consumer} stands at {position}, behind the end {sizes[log]}.");
            var kind = consumer == "archive" ? EntryKinds.ArchiveBatched : EntryKinds.AnchorBatched;
            findings.Require(
                consumer is not ("archive" or "anchor") || position >= entries.Covered.GetValueOrDefault((log, kind)),
                $"Log {log}: {consumer} stands at {position}, before what it said it had done.");
        }

        foreach (var (log, kind, to) in await findings.AskAsync("SELECT log, kind, max(to_idx) FROM cover GROUP BY log, kind", row => (row.GetInt32(0), row.GetString(1), row.GetInt64(2))))
        {
            findings.Require(entries.Covered.GetValueOrDefault((log, kind)) == to, $"Log {log}: the read model covers {kind} up to {to}, the entries do not.");
        }
    }
}
