using System.Text;
using System.Text.Json;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.MerkleTree;
using Npgsql;

namespace CapOrleans.Bench.Chaos;

/// <summary>
/// Reads the database as an auditor would, with queries of its own, and computes everything again from the entries: it trusts
/// neither the service nor its read models. Each finding is a sentence.
/// </summary>
internal sealed class Checker(NpgsqlDataSource source, IReadOnlyDictionary<string, Promise> promised, IReadOnlyDictionary<string, byte[]> offered)
{
    private const int PageSize = 1000;

    private readonly List<string> findings = [];
    private readonly Dictionary<string, (string Origin, long Index, string LeafHash)> accepted = [];
    private readonly Dictionary<string, (decimal Score, long Count)> totals = [];
    private readonly Dictionary<string, HashSet<string>> keys = [];
    private readonly Dictionary<int, Dictionary<string, long>> covered = [];

    public long Entries { get; private set; }

    public async Task<IReadOnlyList<string>> RunAsync()
    {
        var heads = await AskAsync("SELECT log, origin, size, root FROM log_head ORDER BY log", row =>
            (Log: row.GetInt32(0), Origin: row.GetString(1), Size: row.GetInt64(2), Root: row.GetFieldValue<byte[]>(3)));
        foreach (var (log, origin, size, root) in heads)
        {
            await CheckLogAsync(log, origin, size, root);
        }

        CheckPromises();
        await CheckTotalsAsync();
        await CheckReadModelAsync();
        await CheckBookmarksAsync(heads.ToDictionary(head => head.Log, head => head.Size));
        return findings;
    }

    private async Task CheckLogAsync(int log, string origin, long size, byte[] root)
    {
        var frontier = new MerkleFrontier();
        var records = new List<(long Index, Cid Cid)>();
        while (true)
        {
            var page = await AskAsync(
                "SELECT idx, kind, bytes FROM audit_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3",
                row => (Index: row.GetInt64(0), Kind: row.GetString(1), Bytes: row.GetFieldValue<byte[]>(2)), log, frontier.Size, PageSize);
            foreach (var (index, kind, bytes) in page)
            {
                Require(index == frontier.Size, $"Log {log}: entry {index} stands where {frontier.Size} should.");
                var leaf = MerkleHash.Leaf(bytes);
                frontier.Append(leaf);
                Entries++;
                CheckEntry(log, origin, index, kind, bytes, Convert.ToHexStringLower(leaf));
            }

            records.AddRange(page.Where(entry => entry.Kind == EntryKinds.IncidentAccepted).Select(entry => (entry.Index, AcceptedIncident.Read(entry.Bytes).Cid)));
            if (page.Count < PageSize)
            {
                break;
            }
        }

        var archived = covered.GetValueOrDefault(log)?.GetValueOrDefault(EntryKinds.ArchiveBatched) ?? 0;
        foreach (var chunk in records.Where(record => record.Index < archived).Chunk(PageSize))
        {
            await CheckBlocksAsync([.. chunk.Select(record => record.Cid)]);
        }

        Require(frontier.Size == size, $"Log {log} says {size} entries and has {frontier.Size}.");
        Require(frontier.Root().AsSpan().SequenceEqual(root), $"Log {log}: the root is not that of its entries.");
    }

    private void CheckEntry(int log, string origin, long index, string kind, byte[] bytes, string leafHash)
    {
        using var document = JsonDocument.Parse(bytes);
        var body = document.RootElement.GetProperty("body");
        Require(document.RootElement.GetProperty("kind").GetString() == kind, $"Log {log}, entry {index}: its row says {kind}.");
        Require(document.RootElement.GetProperty("origin").GetString() == origin, $"Log {log}, entry {index} names another log.");
        switch (kind)
        {
            case EntryKinds.KeyAdded:
                keys.TryAdd(body.GetProperty("capId").GetString()!, []);
                keys[body.GetProperty("capId").GetString()!].Add(body.GetProperty("address").GetString()!);
                break;
            case EntryKinds.IncidentAccepted:
                CheckIncident(origin, index, leafHash, AcceptedIncident.Read(bytes));
                break;
            case EntryKinds.AnchorLost:
                covered[log][EntryKinds.AnchorBatched] = body.GetProperty("from").GetInt64();
                break;
            case EntryKinds.ArchiveBatched or EntryKinds.AnchorBatched:
                covered.TryAdd(log, []);
                var before = covered[log].GetValueOrDefault(kind);
                Require(body.GetProperty("from").GetInt64() >= before, $"Log {log}, entry {index}: {kind} goes back to {body.GetProperty("from")} behind {before}.");
                covered[log][kind] = body.GetProperty("to").GetInt64();
                break;
        }
    }

    private void CheckIncident(string origin, long index, string leafHash, AcceptedIncident incident)
    {
        var name = $"{incident.CapId}/{incident.IncidentId}";
        Require(accepted.TryAdd(name, (origin, index, leafHash)), $"{name} was accepted twice, again at {index}.");
        Require(offered.TryGetValue(name, out var sent) && Encoding.UTF8.GetString(sent) == incident.Request, $"{name} was never sent like this.");
        var (report, refusal) = IncidentReader.Read(Encoding.UTF8.GetBytes(incident.Request));
        if (report is null)
        {
            findings.Add($"{name} is no valid request: {refusal!.Rule}");
            return;
        }

        var (proof, refused) = Admission.Prove(report, new AdmissionPolicy(AcceptUnsigned: false));
        Require(refused is null && proof!.Signer == incident.Signer, $"{name} is not signed by {incident.Signer}.");
        Require(keys.TryGetValue(incident.CapId, out var ofCap) && ofCap.Contains(incident.Signer!), $"{incident.Signer} is no key of {incident.CapId} before entry {index}.");
        Require(report.AuditHash == incident.AuditHash, $"{name}: the audit hash is another.");
        var formula = new CapFormula(incident.Phi, incident.Psi, CapFormula.Feedback.PotentialIfNotPositive);
        Require(formula.Rounded(incident.CapPotential, report.Feedback, report.Misuse) == incident.DeltaCap, $"{name}: dCap is not what the formula gives.");
        var (score, count) = totals.GetValueOrDefault(incident.CapId);
        totals[incident.CapId] = (score + incident.DeltaCap, count + 1);
    }

    private void CheckPromises()
    {
        foreach (var (name, promise) in promised)
        {
            Require(
                accepted.TryGetValue(name, out var place) && place == (promise.Origin, promise.Index, promise.LeafHash),
                $"{name} was promised at {promise.Origin}/{promise.Index} and is {(accepted.ContainsKey(name) ? $"at {place.Origin}/{place.Index}" : "nowhere")}.");
        }
    }

    private async Task CheckTotalsAsync()
    {
        foreach (var (capId, score, count) in await AskAsync("SELECT cap_id, score, incidents FROM cap", row => (row.GetString(0), row.GetInt64(1) / 10_000m, row.GetInt64(2))))
        {
            Require(totals.GetValueOrDefault(capId) == (score, count), $"{capId} counts {count} incidents and {score}; its entries give {totals.GetValueOrDefault(capId)}.");
        }
    }

    private async Task CheckReadModelAsync()
    {
        var rows = 0;
        for (long after = -1; ;)
        {
            var page = await AskAsync(
                "SELECT i.place, i.cap_id, i.incident_id, h.origin FROM incident i JOIN log_head h ON h.log = i.place >> 40 WHERE i.place > $1 ORDER BY i.place LIMIT $2",
                row => (Place: row.GetInt64(0), Name: $"{row.GetString(1)}/{row.GetString(2)}", Origin: row.GetString(3)), after, PageSize);
            foreach (var (place, name, origin) in page)
            {
                rows++;
                Require(accepted.TryGetValue(name, out var entry) && (entry.Origin, entry.Index) == (origin, place & ((1L << 40) - 1)), $"The read model has {name} at {origin}, place {place}; the log has not.");
            }

            if (page.Count < PageSize)
            {
                break;
            }

            after = page[^1].Place;
        }

        Require(rows == accepted.Count, $"The read model has {rows} incidents, the log {accepted.Count}.");
    }

    private async Task CheckBookmarksAsync(Dictionary<int, long> sizes)
    {
        foreach (var (log, follower, position) in await AskAsync("SELECT log, follower, position FROM bookmark", row => (row.GetInt32(0), row.GetString(1), row.GetInt64(2))))
        {
            Require(position <= sizes[log], $"Log {log}: {follower} stands at {position}, behind the end {sizes[log]}.");
            var kind = follower == "archive" ? EntryKinds.ArchiveBatched : EntryKinds.AnchorBatched;
            Require(
                follower.StartsWith("notify", StringComparison.Ordinal) || position >= (covered.GetValueOrDefault(log)?.GetValueOrDefault(kind) ?? 0),
                $"Log {log}: {follower} stands at {position}, before what it said it had done.");
        }

        foreach (var (log, kind, to) in await AskAsync("SELECT log, kind, max(to_idx) FROM cover GROUP BY log, kind", row => (row.GetInt32(0), row.GetString(1), row.GetInt64(2))))
        {
            Require(covered.GetValueOrDefault(log)?.GetValueOrDefault(kind) == to, $"Log {log}: the read model covers {kind} up to {to}, the entries do not.");
        }
    }

    private async Task CheckBlocksAsync(IReadOnlyList<Cid> cids)
    {
        var stored = await AskAsync("SELECT cid, bytes FROM block WHERE cid = ANY($1)", row => (Cid: Convert.ToHexString(row.GetFieldValue<byte[]>(0)), Bytes: row.GetFieldValue<byte[]>(1)), [cids.Select(cid => cid.ToBytes()).ToArray()]);
        var byCid = stored.ToDictionary(block => block.Cid, block => block.Bytes);
        foreach (var cid in cids)
        {
            Require(byCid.TryGetValue(Convert.ToHexString(cid.ToBytes()), out var bytes) && cid.Names(bytes), $"Block {cid.Text} is said to be archived and is not there.");
        }
    }

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            findings.Add(otherwise);
        }
    }

    private async Task<List<T>> AskAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object[] values)
    {
        await using var command = source.CreateCommand(sql);
        Array.ForEach(values, value => command.Parameters.Add(new NpgsqlParameter { Value = value }));
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
