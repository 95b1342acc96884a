using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.LogVerifier;

/// <summary>
/// A log replayed from its first entry: the tree, the CapIDs, and how far archive and anchors claim to have come.
/// </summary>
internal sealed class LogReplay(string origin, Findings findings)
{
    private readonly RootHistory tree = new();
    private readonly Dictionary<string, CapReplay> caps = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> covered = new(StringComparer.Ordinal);
    private readonly HashSet<string> reopened = new(StringComparer.Ordinal);
    private readonly Queue<(long Index, Cid Cid)> unarchived = new();

    private readonly IncidentReplay incidents = new();

    /// <summary>Number of entries read.</summary>
    public long Size => tree.Size;

    public byte[] Root() => tree.Root();

    public IReadOnlyDictionary<string, CapReplay> Caps => caps;

    /// <returns>The index up to which the last entry of this kind covers the log; 0 before the first.</returns>
    public long Covered(string kind) => covered.GetValueOrDefault(kind);

    /// <summary>
    /// Whether a batch ends at <see cref="Covered"/>; false before the first batch, and after one was lost.
    /// </summary>
    public bool EndsWithBatch(string kind) => Covered(kind) > 0 && !reopened.Contains(kind);

    /// <returns>False when the entry names another log, or none.</returns>
    public bool IsOfThisLog(LogEntry entry)
    {
        try
        {
            using var document = JsonDocument.Parse(entry.Bytes);
            return document.RootElement.GetProperty("origin").GetString() == origin;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <returns>The records before <paramref name="index"/> that were not taken yet, in order.</returns>
    public IEnumerable<Cid> TakeRecords(long index)
    {
        while (unarchived.TryPeek(out var record) && record.Index < index)
        {
            yield return unarchived.Dequeue().Cid;
        }
    }

    /// <returns>The incident that the entry accepts; null for an entry of another kind, or one that cannot be
    /// read.</returns>
    public VerifiedIncident? Append(LogEntry entry)
    {
        if (entry.Index != Size)
        {
            findings.AddFor(entry.Index, $"was read where entry {Size} should be");
        }

        var (index, leaf) = (Size, MerkleHash.Leaf(entry.Bytes));
        tree.Append(leaf);
        try
        {
            using var document = JsonDocument.Parse(entry.Bytes);
            var root = document.RootElement;
            if (root.GetProperty("kind").GetString() != entry.Kind)
            {
                findings.AddFor(index, $"is stored as {entry.Kind}, but its content says {root.GetProperty("kind")}");
            }

            if (root.GetProperty("origin").GetString() != origin)
            {
                findings.AddFor(index, "names another log");
            }

            return Read(index, entry, leaf, root.GetProperty("body"));
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or ArgumentException or OverflowException)
        {
            findings.AddFor(index, "cannot be read");
            return null;
        }
    }

    private VerifiedIncident? Read(long index, LogEntry entry, byte[] leaf, JsonElement body)
    {
        switch (entry.Kind)
        {
            case EntryKinds.CapRegistered or EntryKinds.PolicyChanged:
                CapOf(body).Define(body);
                break;
            case EntryKinds.KeyAdded or EntryKinds.KeyRevoked:
                AddIfFault(index, CapOf(body).SetKey(body));
                break;
            case EntryKinds.ScoreCorrected:
                AddIfFault(index, CapOf(body).Correct(body));
                AddIfFault(index, incidents.Has(body) ? null : "corrects an incident that was not accepted before");
                break;
            case EntryKinds.IncidentAcknowledged or EntryKinds.IncidentResolved or EntryKinds.IncidentReopened or EntryKinds.IncidentResponded:
                AddIfFault(index, CapOf(body).Update(entry, origin));
                AddIfFault(index, incidents.Update(body));
                break;
            case EntryKinds.IncidentPaged:
                AddIfFault(index, incidents.Page(entry));
                break;
            case EntryKinds.SilenceEnded:
                AddIfFault(index, incidents.Summary(entry));
                break;
            case EntryKinds.AuditInaction:
                AddIfFault(index, incidents.Report(entry));
                break;
            case EntryKinds.IncidentUnanswered:
                AddIfFault(index, incidents.Has(body) ? null : "records as unanswered an incident that was not accepted before");
                break;
            case EntryKinds.DeliverySucceeded or EntryKinds.DeliveryExhausted:
                AddIfFault(
                    index, incidents.HasOrReported(body) ? null : "records the delivery of an incident that was not accepted before");
                break;
            case EntryKinds.AnchorBatched:
                AddIfFault(index, AnchorFault(body.GetProperty("to").GetInt64(), body.GetProperty("size").GetInt64(),
                    body.GetProperty("root").GetString()!));
                goto case EntryKinds.ArchiveBatched;
            case EntryKinds.ArchiveBatched:
                Cover(index, entry.Kind, body.GetProperty("from").GetInt64(), body.GetProperty("to").GetInt64());
                break;
            case EntryKinds.AnchorLost:
                covered[EntryKinds.AnchorBatched] = body.GetProperty("from").GetInt64();
                reopened.Add(EntryKinds.AnchorBatched);
                break;
            case EntryKinds.IncidentAccepted:
                return Accept(index, leaf, AcceptedIncident.Read(entry.Bytes));
        }

        return null;
    }

    private VerifiedIncident Accept(long index, byte[] leaf, AcceptedIncident incident)
    {
        AddIfFault(index, incidents.Accept(index, incident));
        AddIfFault(index, CapOf(incident.CapId).Accept(incident));
        unarchived.Enqueue((index, incident.Cid));
        return new VerifiedIncident(origin, index, Convert.ToHexStringLower(leaf), incident);
    }

    private void Cover(long index, string kind, long from, long to)
    {
        AddIfFault(index, from >= Covered(kind) ? null : $"covers entries from {from}, but {kind} had already covered those " +
            $"up to {Covered(kind)}");
        AddIfFault(index, from <= to && to <= index ? null : $"covers the impossible range {from} to {to}");
        covered[kind] = to;
        reopened.Remove(kind);
    }

    /// <summary>
    /// Compares an anchored root with the log's root at that size: rewriting an entry would mean rewriting the chain as
    /// well.
    /// </summary>
    private string? AnchorFault(long to, long size, string root) =>
        to > size ? $"covers entries up to {to} with a root of only {size} entries"
        : tree.RootAt(size) is not { } then ? $"names a root of {size} entries, a size that is too far back or not reached yet"
        : Convert.ToHexStringLower(then) == root ? null : $"names a root that differs from that of the first {size} entries";

    private void AddIfFault(long index, string? fault)
    {
        if (fault is not null)
        {
            findings.AddFor(index, fault);
        }
    }

    private CapReplay CapOf(JsonElement body) => CapOf(body.GetProperty("capId").GetString()!);

    private CapReplay CapOf(string capId) => caps.TryGetValue(capId, out var cap) ? cap : caps[capId] = new CapReplay(capId);
}
