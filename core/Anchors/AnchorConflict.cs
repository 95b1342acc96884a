using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Core.Anchors;

/// <summary>A contradiction between the chain and a log. While it lasts, nothing newer counts as anchored.</summary>
/// <param name="Reason">One of the constants.</param>
/// <param name="LogSize">Entries in our log when the chain was read.</param>
/// <param name="Event">The conflicting event; null when there is none.</param>
/// <param name="OurRoot">Our root at the event's size; null when our log has no such size.</param>
public sealed record AnchorConflict(
    string Reason, ContractPosition Contract, long LogSize, AnchorConfirmation? Event = null, byte[]? OurRoot = null)
{
    /// <summary>The contract has anchored more entries than the log has.</summary>
    public const string ContractAhead = "contract-ahead";

    /// <summary>The contract's position has advanced, and no event accounts for it.</summary>
    public const string EventMissing = "event-missing";

    /// <summary>The event's range or size does not fit this log.</summary>
    public const string OtherRange = "other-range";

    /// <summary>The event's root differs from this log's root at that size.</summary>
    public const string OtherRoot = "other-root";

    /// <summary>
    /// The contract has anchored fewer entries than the log has recorded, although those were
    /// in blocks too deep to be lost.
    /// </summary>
    public const string ContractBehind = "contract-behind";

    /// <summary>The conflict as a sentence for an operator.</summary>
    public string Message => Reason switch
    {
        ContractAhead => $"{Anchored}, but the log has only {LogSize}: {Cause}",
        EventMissing => $"{Anchored}, but the node at RPC_URL has no event for some of them. {Consequence}",
        ContractBehind => $"{Anchored}, although it had anchored more in blocks too deep to be lost: the node at " +
            $"RPC_URL is on another chain, or returns false data. {Consequence}",
        OtherRange => $"{Transaction}, a range that does not fit this log: {Cause}",
        _ => $"{Transaction} with a root that differs from this log's: {Cause}",
    };

    private string Anchored => $"The contract {Contract.Contract} has anchored {Contract.Position} entries of this log";

    private string Transaction => $"Transaction {Event!.Transaction} anchored entries {Event.From} to {Event.To}";

    private static string Cause => $"the log was restored from an older copy, or another writer uses its name. {Consequence}";

    private static string Consequence => "Nothing newer counts as anchored; see anchor.conflict in the log.";

    /// <summary>Compares an event that was looked up with the log.</summary>
    /// <param name="from">Index at which the event must start.</param>
    /// <param name="found">Null when there is no event.</param>
    /// <param name="ourRoot">Our root at the event's size; null when our log has no such size.</param>
    /// <returns>Null when the event agrees with the log.</returns>
    public static AnchorConflict? Find(ContractPosition contract, long from, AnchorConfirmation? found, long logSize, byte[]? ourRoot) =>
        found is null ? new AnchorConflict(EventMissing, contract, logSize)
        : found.From != from || found.To <= from || found.Size < found.To || found.Size > logSize || ourRoot is null
            ? new AnchorConflict(OtherRange, contract, logSize, found, ourRoot)
        : !found.Root.AsSpan().SequenceEqual(ourRoot) ? new AnchorConflict(OtherRoot, contract, logSize, found, ourRoot)
        : null;

    public EntryDraft ToEntry(string origin, DateTimeOffset at) => Entry.Write(EntryKinds.AnchorConflict, origin, at, Body());

    /// <summary>
    /// Whether the entry records this conflict already. The size of the log does not matter, nor, where there is an
    /// event, how far the contract has advanced since.
    /// </summary>
    /// <param name="entry">An <c>anchor.conflict</c> entry.</param>
    public bool IsRecordedBy(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        using var body = JsonDocument.Parse(Body().ToBytes());
        return Identity(document.RootElement.GetProperty("body")) == Identity(body.RootElement);
    }

    /// <param name="entry">An <c>anchor.conflict</c> entry.</param>
    public static ContractPosition ContractOf(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        return new ContractPosition(
            body.GetProperty("chainId").GetInt64(), body.GetProperty("contract").GetString()!, body.GetProperty("contractPosition").GetInt64());
    }

    private static string Identity(JsonElement body) => string.Join('\n', body.EnumerateObject()
        .Where(member => member.Name != "logSize" && (member.Name != "contractPosition" || !body.TryGetProperty("transaction", out _)))
        .Select(member => $"{member.Name} {member.Value}"));

    private CanonicalObject Body()
    {
        var body = new CanonicalObject();
        if (Event is null)
        {
            return body.Add("chainId", Contract.ChainId).Add("contract", Contract.Contract).Add("contractPosition", Contract.Position)
                .Add("logSize", LogSize).Add("reason", Reason);
        }

        return body.Add("block", Event.Block).Add("chainId", Contract.ChainId).Add("contract", Contract.Contract)
            .Add("contractPosition", Contract.Position).Add("from", Event.From).Add("logSize", LogSize)
            .Add("ourRoot", OurRoot is null ? null : Convert.ToHexStringLower(OurRoot)).Add("reason", Reason)
            .Add("root", Convert.ToHexStringLower(Event.Root)).Add("size", Event.Size).Add("to", Event.To)
            .Add("transaction", Event.Transaction);
    }
}
