using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Grains.Archive;

/// <summary>When a log is exported next. Default daily, earlier when much waits.</summary>
/// <param name="IsOn">There is an IPFS node to put it to.</param>
/// <param name="HasChain">There is a chain to put the root on.</param>
/// <param name="Interval">What an entry waits at most. Default 24 hours; 1 to 8,760 hours.</param>
/// <param name="Bytes">Of entries that wait at most. Default 64 MiB; 1 MiB to 1 GiB.</param>
public sealed record ExportSchedule(bool IsOn, bool HasChain, TimeSpan Interval, long Bytes);

/// <summary>What the log has behind the last export.</summary>
internal sealed class WaitingEntries(ExportSchedule schedule)
{
    private DateTimeOffset? oldestAt;
    private long bytes;
    private int count;

    /// <summary>So much waits that an export is due, whatever the time.</summary>
    public bool IsFull => bytes >= schedule.Bytes || count >= LogExport.MaxEntries;

    public void Add(LogEntry entry)
    {
        (bytes, count) = (bytes + entry.Bytes.Length, count + 1);
        if (IsWorthIt(entry.Kind))
        {
            oldestAt ??= Entry.ReadInstant(entry);
        }
    }

    public void Clear() => (oldestAt, bytes, count) = (null, 0, 0);

    public bool IsDue(DateTimeOffset now) => IsFull || now - oldestAt >= schedule.Interval;

    /// <summary>Entries that record exports and anchors wait for what is worth one: else each export would lead to the next.</summary>
    private static bool IsWorthIt(string kind) => kind != EntryKinds.ArchiveExported && !kind.StartsWith("anchor.", StringComparison.Ordinal);
}
