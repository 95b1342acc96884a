using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Anchors;

/// <summary>The content of a CapID's token on the chain.</summary>
public static class CapToken
{
    private static readonly (string Name, int Bit)[] Roles = [(Admission.ReporterRole, 1), ("responder", 2), (Authority.AdminRole, 4)];

    /// <summary>Whether an entry of this kind changes a token.</summary>
    public static bool IsChangedBy(string kind) => kind is EntryKinds.CapRegistered or EntryKinds.KeyAdded or EntryKinds.KeyRevoked;

    /// <param name="entry">An entry of a kind that changes a token.</param>
    /// <returns>The CapID whose token it changes; null when it cannot be read.</returns>
    public static string? CapIdOf(LogEntry entry)
    {
        try
        {
            using var document = JsonDocument.Parse(entry.Bytes);
            return document.RootElement.GetProperty("body").GetProperty("capId").GetString();
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>
    /// Returns the token's content. The holder is the first admin that is valid now, else the first valid key. Keys
    /// that are not yet or no longer valid are left out: the token must not grant a role that the log does not grant.
    /// </summary>
    public static MirroredCap Of(CapContext context, DateTimeOffset now)
    {
        var valid = context.Keys.Where(key => key.RevokedAt is null && !(key.NotBefore > now) && !(key.NotAfter <= now)).ToList();
        var holder = valid.Find(key => key.Roles.Contains(Authority.AdminRole)) ?? (valid.Count > 0 ? valid[0] : null);
        return new MirroredCap(
            context.CapId, holder?.Address, context.Version, valid.ConvertAll(key => new MirroredKey(HashOf(key.Address), Roles.Where(role => key.Roles.Contains(role.Name)).Sum(role => role.Bit))));
    }

    /// <param name="capIds">CapIDs that the contract has now, except those for which it had a newer version.</param>
    public static EntryDraft Mirrored(MirrorConfirmation confirmed, IEnumerable<string> capIds, string origin, DateTimeOffset now) => Entry.Write(
        EntryKinds.CapMirrored, origin, now, new CanonicalObject()
            .Add("ahead", confirmed.Ahead).Add("block", confirmed.Block).Add("blockHash", confirmed.BlockHash).Add("capIds", capIds)
            .Add("chainId", confirmed.ChainId).Add("contract", confirmed.Contract).Add("transaction", confirmed.Transaction));

    /// <param name="entry">A <c>cap.mirrored</c> entry.</param>
    public static (MirrorContract Target, long Block, string BlockHash, IReadOnlyList<string> Ahead) Read(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        string Text(string name) => body.GetProperty(name).GetString()!;
        return (
            new MirrorContract(body.GetProperty("chainId").GetInt64(), Text("contract")), body.GetProperty("block").GetInt64(), Text("blockHash"),
            [.. body.GetProperty("ahead").EnumerateArray().Select(capId => capId.GetString()!)]);
    }

    private static byte[] HashOf(string address) =>
        EthereumAddress.TryParse(address, out var parsed) ? Keccak256.Hash(parsed.ToArray()) : throw new FormatException($"The context's key {address} is not a valid address.");
}
