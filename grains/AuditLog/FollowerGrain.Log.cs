using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.AuditLog;

/// <summary>What a follower logs.</summary>
internal abstract partial class FollowerGrain
{
    /// <param name="what">What keeps this follower from going on, for an operator; null when it goes on.</param>
    protected void Report(string? what)
    {
        var before = trouble;
        trouble = what;
        if (before is null && what is not null)
        {
            LogTrouble(Follower, LogNumber, what);
        }
        else if (before is not null && what is null)
        {
            LogRecovered(Follower, LogNumber);
        }
    }

    [LoggerMessage(110, LogLevel.Warning, "Follower {Follower} of log {Log} waits: {Trouble}")]
    private partial void LogTrouble(string follower, int log, string trouble);

    [LoggerMessage(111, LogLevel.Warning, "Follower {Follower} of log {Log} goes on")]
    private partial void LogRecovered(string follower, int log);
}
