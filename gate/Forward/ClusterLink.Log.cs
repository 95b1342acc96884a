namespace CapOrleans.Gate.Forward;

/// <summary>What the link logs.</summary>
internal sealed partial class ClusterLink
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private string? loggedError;
    private long? loggedAt;

    /// <summary>Once a minute at most: what one host sends may be refused, and what another sends pass, many times a second.</summary>
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
