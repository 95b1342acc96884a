using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Grains.Archive;

/// <summary>When a log is exported: by default daily, and earlier when much is waiting.</summary>
/// <param name="IsOn">Whether there is an IPFS node to export to.</param>
/// <param name="HasChain">Whether there is a chain to write the root to.</param>
/// <param name="Interval">Maximum time that an entry waits. Default 24 hours; 1 to 8,760 hours.</param>
/// <param name="Bytes">Maximum size of the waiting entries. Default 64 MiB; 1 MiB to 1 GiB.</param>
public sealed record ExportSchedule(bool IsOn, bool HasChain, TimeSpan Interval, long Bytes);

/// <summary>The log's entries since the last export.</summary>
internal sealed class WaitingEntries(ExportSchedule schedule)
{
    private DateTimeOffset? oldestAt;
    private long bytes;
    private int count;

    /// <summary>Whether so much is waiting that an export is due regardless of the time.</summary>
    public bool IsFull => bytes >= schedule.Bytes || count >= LogExport.MaxEntries;

    public void Add(LogEntry entry)
    {
        (bytes, count) = (bytes + entry.Bytes.Length, count + 1);
        if (JustifiesExport(entry.Kind))
        {
            oldestAt ??= Entry.ReadInstant(entry);
        }
    }

    public void Clear() => (oldestAt, bytes, count) = (null, 0, 0);

    public bool IsDue(DateTimeOffset now) => IsFull || now - oldestAt >= schedule.Interval;

    /// <summary>
    /// Whether an entry justifies an export. Entries that record exports and anchors do not, or each export would lead
    /// to the next.
    /// </summary>
    private static bool JustifiesExport(string kind) => kind != EntryKinds.ArchiveExported && !kind.StartsWith("anchor.",
        StringComparison.Ordinal);
}
