using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.AuditLog;

/// <summary>What a follower logs.</summary>
internal abstract partial class FollowerGrain
{
    [LoggerMessage(110, LogLevel.Warning, "Follower {Follower} of log {Log} waits: {Trouble}")]
    private partial void LogTrouble(string follower, int log, string trouble);

    [LoggerMessage(111, LogLevel.Warning, "Follower {Follower} of log {Log} goes on")]
    private partial void LogRecovered(string follower, int log);
}
