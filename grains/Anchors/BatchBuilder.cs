using System.Text;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Grains.Anchors;

/// <param name="To">Index of the first entry that is not in the batch.</param>
/// <param name="WithoutFullRecord">Critical incidents whose full record fits in no transaction: they have only their
/// event.</param>
/// <param name="HasContent">Whether there is something to anchor: entries about anchoring alone do not justify a
/// batch.</param>
internal sealed record BatchContent(long To, IReadOnlyList<AnchoredIncident> Incidents, IReadOnlyList<FullRecord> Records,
    IReadOnlyList<AcceptedIncident> WithoutFullRecord, bool HasContent);

/// <summary>
/// Takes as many entries as one transaction can carry. A batch that the chain refuses as too large is halved, down to
/// one incident; if even that does not fit, its full record is left out. After a success the batches grow again.
/// </summary>
internal sealed class BatchBuilder
{
    /// <summary>Incidents per transaction: about 4 million gas and 96 KB, below the 128 KB that nodes accept.</summary>
    public const int IncidentLimit = 500;

    /// <summary>
    /// Full records per transaction: at most 12 million gas and 24 KB, with every text at its maximum length.
    /// </summary>
    public const int RecordLimit = 12;

    /// <summary>
    /// Transactions in flight: half of what geth's pool keeps per account (<c>txpool.accountslots</c>), and about one
    /// block of Ethereum.
    /// </summary>
    public const int BatchLimit = 8;

    private int incidentLimit = IncidentLimit, recordLimit = RecordLimit;

    /// <returns>Consecutive batches; empty when nothing is worth anchoring.</returns>
    public IReadOnlyList<BatchContent> TakeAll(long from, IReadOnlyList<LogEntry> entries)
    {
        var taken = new List<BatchContent>();
        for (var at = from; at - from < entries.Count && taken.Count < BatchLimit; at = taken[^1].To)
        {
            if (Take(at, entries.Skip((int)(at - from))) is not { HasContent: true } content)
            {
                break;
            }

            taken.Add(content);
        }

        return taken;
    }

    private BatchContent Take(long from, IEnumerable<LogEntry> entries)
    {
        var (incidents, records, passedOver) = (new List<AnchoredIncident>(), new List<FullRecord>(), new List<AcceptedIncident>());
        var (to, isWorthIt) = (from, false);
        foreach (var entry in entries)
        {
            if (incidents.Count == incidentLimit || (recordLimit > 0 && records.Count == recordLimit))
            {
                break;
            }

            to = entry.Index + 1;
            isWorthIt |= !entry.Kind.StartsWith("anchor.", StringComparison.Ordinal);
            if (entry.Kind == EntryKinds.IncidentAccepted && AcceptedProof.TryRead(entry.Bytes, out var accepted)) // the archive reports unreadable ones
            {
                incidents.Add(Anchor(accepted, entry.Index));
                if (Severity.Rank(accepted.Severity) != Severity.CriticalRank)
                {
                    continue;
                }

                if (recordLimit > 0)
                {
                    records.Add(Record(accepted));
                }
                else
                {
                    passedOver.Add(accepted);
                }
            }
        }

        return new BatchContent(to, incidents, records, passedOver, isWorthIt);
    }

    /// <param name="refused">The batch that the chain refused as too large.</param>
    /// <returns>False when nothing smaller is left to try.</returns>
    public bool TryShrink(BatchContent refused)
    {
        if (refused.Incidents.Count <= 1 && refused.Records.Count == 0)
        {
            return false;
        }

        recordLimit = refused.Incidents.Count == 1 ? 0 : Math.Max(1, refused.Records.Count / 2);
        incidentLimit = Math.Max(1, refused.Incidents.Count / 2);
        return true;
    }

    public void Grow() =>
        (incidentLimit, recordLimit) = (Math.Min(IncidentLimit, incidentLimit * 2), Math.Min(RecordLimit, Math.Max(1, recordLimit * 2)));

    private static AnchoredIncident Anchor(AcceptedIncident accepted, long index) => new(
        Keccak256.Hash(Encoding.UTF8.GetBytes($"{accepted.CapId}/{accepted.IncidentId}")),
        Keccak256.Hash(Encoding.UTF8.GetBytes(accepted.CapId)),
        Convert.FromHexString(accepted.AuditHash), index, Severity.Rank(accepted.Severity), accepted.DeltaCap);

    private static FullRecord Record(AcceptedIncident accepted) => new(
        accepted.IncidentId, accepted.CapId, accepted.Agent, accepted.Severity,
        RecordHash.Of(accepted.Request, accepted.DeltaCap), accepted.Cid.Text, accepted.DeltaCap);
}
