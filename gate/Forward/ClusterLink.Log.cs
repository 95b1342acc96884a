namespace CapOrleans.Gate.Forward;

/// <summary>The link's log messages.</summary>
internal sealed partial class ClusterLink
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private string? loggedError;
    private long? loggedAt;

    /// <summary>
    /// Logs that forwarding stalled or recovered, at most once a minute: one host's incidents may be refused, and
    /// another's accepted, many times a second.
    /// </summary>
    private void Log(Uri api, string? error)
    {
        lock (gate)
        {
            if (error is null == loggedError is null || (loggedAt is { } at && time.GetElapsedTime(at) < LogInterval))
            {
                return;
            }

            (loggedError, loggedAt) = (error, time.GetTimestamp());
        }

        if (error is null)
        {
            LogRecovered(api);
        }
        else
        {
            LogStalled(error);
        }
    }

    [LoggerMessage(530, LogLevel.Warning, "Forwarding stalled: {LastError}")]
    private partial void LogStalled(string lastError);

    [LoggerMessage(531, LogLevel.Warning, "Forwarding recovered: {Api} answers again")]
    private partial void LogRecovered(Uri api);
}
