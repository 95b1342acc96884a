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
/// What a log is called on the chain: the Keccak-256 of this text is its key in the contract. It is the log's origin, until the log is restored
/// from an older copy: then the contract has entries under that key which the log has not, and an admin gives it another.
/// </summary>
/// <param name="Text">The origin, or the origin with <c>#</c> and sixteen hex digits of the root at which anchoring was restarted.</param>
/// <param name="Since">Index of the entry that says so; -1 for the origin.</param>
/// <param name="From">What lies before this index was anchored under an earlier name, and the log says by what.</param>
/// <param name="ChainId">With <paramref name="Contract"/>: where those are; another contract has none of them.</param>
public sealed record AnchorName(string Text, long Since, long From, long ChainId, string Contract)
{
    public static AnchorName OfOrigin(string origin) => new(origin, -1, 0, 0, "");

    /// <summary>Of the log on the chain.</summary>
    public byte[] Key => Keccak256.Hash(Encoding.UTF8.GetBytes(Text));

    /// <param name="contract">That contradicts the log under its present name.</param>
    /// <param name="head">The log as it is now: two logs restored from one copy get two names.</param>
    /// <param name="from">Index of the first entry that the log does not call anchored.</param>
    /// <returns>The entry.</returns>
    public static EntryDraft Restart(ContractPosition contract, LogHead head, long from, Actor by, DateTimeOffset now) =>
        Entry.Write(EntryKinds.AnchorRestarted, head.Origin, now, new CanonicalObject()
            .AddActor(by).Add("chainId", contract.ChainId).Add("contract", contract.Contract).Add("from", from)
            .Add("name", $"{head.Origin}#{Convert.ToHexStringLower(head.Root)[..16]}"));

    /// <param name="entry">Of kind <c>anchor.restarted</c>.</param>
    public static AnchorName Read(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        return new AnchorName(
            body.GetProperty("name").GetString()!, entry.Index, body.GetProperty("from").GetInt64(), body.GetProperty("chainId").GetInt64(),
            body.GetProperty("contract").GetString()!);
    }

    /// <summary>Index of the first entry whose anchor is looked for in this contract.</summary>
    public long FirstIn(ContractPosition contract) => (ChainId, Contract) == (contract.ChainId, contract.Contract) ? From : 0;
}
