using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.AuditLog;

internal sealed partial class AuditLogGrain
{
    [LoggerMessage(100, LogLevel.Error, "Log {Log}: a commit failed; the log will be reopened")]
    private partial void LogCommitFailed(Exception fault, int log);
}
