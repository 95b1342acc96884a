using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Grains.Anchors;

/// <summary>The anchorer's log entries.</summary>
internal static class AnchorEntries
{
    /// <param name="blockAt">The block's own time.</param>
    /// <param name="name">The log's name on the chain.</param>
    public static EntryDraft Batched(AnchorConfirmation anchored, DateTimeOffset blockAt, string origin, string name, DateTimeOffset now) => Entry.Write(
        EntryKinds.AnchorBatched, origin, now, new CanonicalObject()
            .Add("block", anchored.Block).Add("blockHash", anchored.BlockHash).Add("blockTime", Entry.Instant(blockAt)).Add("chainId", anchored.ChainId)
            .Add("contract", anchored.Contract).Add("from", anchored.From).Add("name", name).Add("root", Convert.ToHexStringLower(anchored.Root))
            .Add("size", anchored.Size).Add("to", anchored.To).Add("transaction", anchored.Transaction));

    public static EntryDraft Lost(long from, long to, string origin, DateTimeOffset now) =>
        Entry.Write(EntryKinds.AnchorLost, origin, now, new CanonicalObject().Add("from", from).Add("to", to));

    /// <summary>The incident has its event on the chain, but no full record.</summary>
    public static EntryDraft RecordSkipped(AcceptedIncident accepted, string origin, DateTimeOffset now) => Entry.Write(
        EntryKinds.AnchorRecordSkipped, origin, now, new CanonicalObject().Add("capId", accepted.CapId).Add("incidentId", accepted.IncidentId));
}
