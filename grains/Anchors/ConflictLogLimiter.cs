using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Grains.Anchors;

/// <summary>
/// Decides whether a conflict must be logged. A given conflict is logged once, however often it recurs; conflicts that
/// differ each time, as when a node keeps changing its answers, are logged at most once an hour per reason.
/// </summary>
internal sealed class ConflictLogLimiter(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly Dictionary<string, DateTimeOffset> last = new(StringComparer.Ordinal); // by reason

    /// <param name="newest">The log's newest conflict entry; null when there is none.</param>
    public bool IsNew(AnchorConflict conflict, LogEntry? newest) =>
        time.GetUtcNow() - last.GetValueOrDefault(conflict.Reason) >= Interval && (newest is null || !conflict.IsRecordedBy(newest));

    public void Add(AnchorConflict conflict) => last[conflict.Reason] = time.GetUtcNow();
}
