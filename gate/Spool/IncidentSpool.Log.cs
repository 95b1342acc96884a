namespace CapOrleans.Gate.Spool;

/// <summary>The spool's log messages; those that strangers can cause are logged at most once a second.</summary>
internal sealed partial class IncidentSpool
{
    [LoggerMessage(521, LogLevel.Error,
        "Dead letters dropped: {Count}. The newest {Vouched} of registered keys and {Unvouched} of others are kept, and ten conflicts each")]
    private partial void LogDropped(long count, int vouched, int unvouched);

    [LoggerMessage(520, LogLevel.Error, "{Count} changes of the spool were not written: {Message}")]
    private partial void LogFault(long count, string message);

    [LoggerMessage(522, LogLevel.Warning,
        "{Count} incidents were refused that a contract wallet must be asked about: {Most} wait from their address")]
    private partial void LogCrowd(long count, int most);
}
