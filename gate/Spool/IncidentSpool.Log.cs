namespace CapOrleans.Gate.Spool;

/// <summary>The spool's log messages; those that strangers can cause are logged at most once a second.</summary>
internal sealed partial class IncidentSpool
{
    [LoggerMessage(521, LogLevel.Error,
        "Dropped {Count} dead letters: at most {Vouched} that are vouched for and {Unvouched} others are kept, and at " +
            "most ten with the same signed content")]
    private partial void LogDropped(long count, int vouched, int unvouched);

    [LoggerMessage(520, LogLevel.Error, "{Count} changes to the spool could not be written: {Message}")]
    private partial void LogFault(long count, string message);

    [LoggerMessage(522, LogLevel.Warning,
        "Refused {Count} incidents that need a contract wallet's answer: {Most} are already waiting from their address")]
    private partial void LogCrowd(long count, int most);
}
