using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Grains.Anchors;

/// <summary>Whether the log says a conflict already: once, however often it is met; and what a node says otherwise each time, once an hour.</summary>
internal sealed class LoggedConflicts(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly Dictionary<string, DateTimeOffset> last = new(StringComparer.Ordinal); // by reason

    /// <param name="newest">The log's newest entry about one; null for none.</param>
    public bool IsNew(AnchorConflict conflict, LogEntry? newest) =>
        time.GetUtcNow() - last.GetValueOrDefault(conflict.Reason) >= Interval && (newest is null || !conflict.IsRecordedBy(newest));

    public void Add(AnchorConflict conflict) => last[conflict.Reason] = time.GetUtcNow();
}
