using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Core.AuditLog;

/// <param name="HasMore">Whether entries follow the last one.</param>
public sealed record LogPage(IReadOnlyList<LogEntry> Entries, bool HasMore);
