using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Consumers;

/// <summary>A consumer's log messages.</summary>
internal abstract partial class ConsumerGrain
{
    /// <param name="what">What stops this consumer, for an operator; null when nothing does.</param>
    protected void Report(string? what)
    {
        var before = lastError;
        failingSince = before is null ? Time.GetUtcNow() : failingSince;
        lastError = what;
        if (before is null && what is not null)
        {
            LogStalled(Consumer, LogNumber, what);
        }
        else if (before is not null && what is null)
        {
            LogRecovered(Consumer, LogNumber);
        }
    }

    [LoggerMessage(110, LogLevel.Warning, "Consumer {Consumer} of log {Log} stalled: {LastError}")]
    private partial void LogStalled(string consumer, int log, string lastError);

    [LoggerMessage(111, LogLevel.Warning, "Consumer {Consumer} of log {Log} recovered")]
    private partial void LogRecovered(string consumer, int log);
}
