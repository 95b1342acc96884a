using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Anchors;

/// <summary>
/// A log's name on the chain: the Keccak-256 of this text is the log's key in the contract. It is the log's origin
/// until the log is restored from an older copy. The contract then has entries under that key that the log does not
/// have, and an admin gives the log another name.
/// </summary>
/// <param name="Text">The origin, or the origin with <c>#</c> and sixteen hex digits of the root at which
/// anchoring was restarted.</param>
/// <param name="Since">Index of the entry that set the name; -1 for the origin.</param>
/// <param name="From">Entries before this index were anchored under an earlier name, and the log records
/// by which transactions.</param>
/// <param name="ChainId">With <paramref name="Contract"/>: where those are anchored; any other
/// contract has none of them.</param>
public sealed record AnchorName(string Text, long Since, long From, long ChainId, string Contract)
{
    public static AnchorName OfOrigin(string origin) => new(origin, -1, 0, 0, "");

    /// <summary>The log's key in the contract.</summary>
    public byte[] Key => Keccak256.Hash(Encoding.UTF8.GetBytes(Text));

    /// <param name="contract">Position of the contract that contradicts the log under its present name.</param>
    /// <param name="head">The log's present head; its root gives two logs that were restored from
    /// one copy different names.</param>
    /// <param name="from">Index of the first entry that the log does not record as anchored.</param>
    /// <returns>The <c>anchor.restarted</c> entry.</returns>
    public static EntryDraft Restart(ContractPosition contract, LogHead head, long from, Actor by, DateTimeOffset now) =>
        Entry.Write(EntryKinds.AnchorRestarted, head.Origin, now, new CanonicalObject()
            .AddActor(by).Add("chainId", contract.ChainId).Add("contract", contract.Contract).Add("from", from)
            .Add("name", $"{head.Origin}#{Convert.ToHexStringLower(head.Root)[..16]}"));

    /// <param name="entry">An <c>anchor.restarted</c> entry.</param>
    public static AnchorName Read(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        return new AnchorName(
            body.GetProperty("name").GetString()!, entry.Index, body.GetProperty("from").GetInt64(), body.GetProperty("chainId").GetInt64(),
            body.GetProperty("contract").GetString()!);
    }

    /// <summary>Returns the index of the first entry whose anchor is looked for in this contract.</summary>
    public long FirstIn(ContractPosition contract) => (ChainId, Contract) == (contract.ChainId, contract.Contract) ? From : 0;
}
