using System.Text;
using System.Text.Json;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.Bench.Chaos;

/// <summary>Reads every entry of a log and computes again what it says: the tree, signatures, keys, hashes, dCap, archived blocks.</summary>
internal sealed class EntryCheck(Findings findings, IReadOnlyDictionary<string, byte[]> offered)
{
    private readonly Dictionary<string, HashSet<string>> keys = [];

    public long Entries { get; private set; }

    /// <summary>Where each incident stands, by <c>capId/incidentId</c>.</summary>
    public Dictionary<string, Promise> Accepted { get; } = [];

    /// <summary>By CapID, as the entries give them.</summary>
    public Dictionary<string, (decimal Score, long Count)> Totals { get; } = [];

    /// <summary>By log and kind of batch entry: the index up to which the last one speaks.</summary>
    public Dictionary<(int Log, string Kind), long> Covered { get; } = [];

    public async Task RunAsync(int log, string origin, long size, byte[] root)
    {
        var frontier = new MerkleFrontier();
        var records = new List<(long Index, Cid Cid)>();
        while (true)
        {
            var page = await findings.AskAsync(
                "SELECT idx, kind, bytes FROM audit_entry WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3",
                row => (Index: row.GetInt64(0), Kind: row.GetString(1), Bytes: row.GetFieldValue<byte[]>(2)), log, frontier.Size, Findings.PageSize);
            foreach (var (index, kind, bytes) in page)
            {
                findings.Require(index == frontier.Size, $"Log {log}: entry {index} stands where {frontier.Size} should.");
                var leaf = MerkleHash.Leaf(bytes);
                frontier.Append(leaf);
                Entries++;
                CheckEntry(log, origin, index, kind, bytes, Convert.ToHexStringLower(leaf));
            }

            records.AddRange(page.Where(entry => entry.Kind == EntryKinds.IncidentAccepted).Select(entry => (entry.Index, AcceptedIncident.Read(entry.Bytes).Cid)));
            if (page.Count < Findings.PageSize)
            {
                break;
            }
        }

        var archived = Covered.GetValueOrDefault((log, EntryKinds.ArchiveBatched));
        foreach (var chunk in records.Where(record => record.Index < archived).Chunk(Findings.PageSize))
        {
            await CheckBlocksAsync([.. chunk.Select(record => record.Cid)]);
        }

        findings.Require(frontier.Size == size, $"Log {log} says {size} entries and has {frontier.Size}.");
        findings.Require(frontier.Root().AsSpan().SequenceEqual(root), $"Log {log}: the root is not that of its entries.");
    }

    private void CheckEntry(int log, string origin, long index, string kind, byte[] bytes, string leafHash)
    {
        using var document = JsonDocument.Parse(bytes);
        var body = document.RootElement.GetProperty("body");
        findings.Require(document.RootElement.GetProperty("kind").GetString() == kind, $"Log {log}, entry {index}: its row says {kind}.");
        findings.Require(document.RootElement.GetProperty("origin").GetString() == origin, $"Log {log}, entry {index} names another log.");
        switch (kind)
        {
            case EntryKinds.KeyAdded:
                keys.TryAdd(body.GetProperty("capId").GetString()!, []);
                keys[body.GetProperty("capId").GetString()!].Add(body.GetProperty("address").GetString()!);
                break;
            case EntryKinds.IncidentAccepted:
                CheckIncident(origin, index, leafHash, AcceptedIncident.Read(bytes));
                break;
            case EntryKinds.ScoreCorrected:
                var (score, count) = Totals.GetValueOrDefault(body.GetProperty("capId").GetString()!);
                Totals[body.GetProperty("capId").GetString()!] = (score + DecimalText.Read(body.GetProperty("adjustment").GetString()!), count);
                break;
            case EntryKinds.AnchorLost:
                Covered[(log, EntryKinds.AnchorBatched)] = body.GetProperty("from").GetInt64();
                break;
            case EntryKinds.ArchiveBatched or EntryKinds.AnchorBatched:
                var before = Covered.GetValueOrDefault((log, kind));
                findings.Require(body.GetProperty("from").GetInt64() >= before, $"Log {log}, entry {index}: {kind} goes back to {body.GetProperty("from")} behind {before}.");
                Covered[(log, kind)] = body.GetProperty("to").GetInt64();
                break;
        }
    }

    private void CheckIncident(string origin, long index, string leafHash, AcceptedIncident incident)
    {
        var name = $"{incident.CapId}/{incident.IncidentId}";
        findings.Require(Accepted.TryAdd(name, new Promise(origin, index, leafHash)), $"{name} was accepted twice, again at {index}.");
        findings.Require(offered.TryGetValue(name, out var sent) && Encoding.UTF8.GetString(sent) == incident.Request, $"{name} was never sent like this.");
        var fault = AcceptedProof.Fault(incident);
        findings.Require(fault is null, $"{name}: {fault}.");
        findings.Require(keys.TryGetValue(incident.CapId, out var ofCap) && ofCap.Contains(incident.Signer!), $"{incident.Signer} is no key of {incident.CapId} before entry {index}.");
        var (score, count) = Totals.GetValueOrDefault(incident.CapId);
        Totals[incident.CapId] = (score + incident.DeltaCap, count + 1);
    }

    private async Task CheckBlocksAsync(IReadOnlyList<Cid> cids)
    {
        var stored = await findings.AskAsync("SELECT cid, bytes FROM block WHERE cid = ANY($1)", row => (Cid: Convert.ToHexString(row.GetFieldValue<byte[]>(0)), Bytes: row.GetFieldValue<byte[]>(1)), [cids.Select(cid => cid.ToBytes()).ToArray()]);
        var byCid = stored.ToDictionary(block => block.Cid, block => block.Bytes);
        foreach (var cid in cids)
        {
            findings.Require(byCid.TryGetValue(Convert.ToHexString(cid.ToBytes()), out var bytes) && cid.Names(bytes), $"Block {cid.Text} is said to be archived and is not there.");
        }
    }
}
