using System.Text.Json;
using CapOrleans.Contracts.Archive;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Grains.Archive;

/// <summary>Log entries about lost and restored CIDs.</summary>
internal static class LinkEntries
{
    public static EntryDraft Lost(string origin, DateTimeOffset at, ArchivedLink link, IReadOnlyList<LocationAnswer> answers)
    {
        var asked = answers.Where(answer => answer.IsCertain).ToList();
        return Entry.Write(EntryKinds.ArchiveLost, origin, at, BodyOf(link)
            .Add("where", asked.Select(answer => answer.Location))
            .Add("why", asked.Select(answer => answer.Status == LinkStatus.Wrong ? "wrong" : "missing")));
    }

    public static EntryDraft Restored(string origin, DateTimeOffset at, ArchivedLink link, IReadOnlyList<LocationAnswer> answers) =>
        Entry.Write(EntryKinds.ArchiveRestored, origin, at, BodyOf(link)
            .Add("where", answers.Where(answer => answer.Status == LinkStatus.Ok).Select(answer => answer.Location)));

    /// <returns>The CID that the log records as lost and not as restored since; null when there is none.</returns>
    public static async Task<string?> OpenLossAsync(IAuditLogReader log, int number, CancellationToken cancellationToken)
    {
        var back = await log.LatestAsync(number, EntryKinds.ArchiveRestored, cancellationToken);
        return await log.LatestAsync(number, EntryKinds.ArchiveLost, cancellationToken) is { } lost && lost.Index > (back?.Index ?? -1)
            ? JsonElement.Parse(lost.Bytes).GetProperty("body").GetProperty("cid").GetString()
            : null;
    }

    private static CanonicalObject BodyOf(ArchivedLink link) =>
        new CanonicalObject().Add("cid", link.Block.Cid.Text).Add("from", link.From).Add("index", link.Index).Add("to", link.To);
}
