namespace CapOrleans.Cli;

/// <summary>Exit codes that scripts can distinguish.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>The cluster refused, or a check failed.</summary>
    public const int Refused = 1;

    /// <summary>A file, a key, a setting or the command line cannot be used.</summary>
    public const int Misconfigured = 2;

    /// <summary>No answer; sending the same again is safe.</summary>
    public const int Unreachable = 3;

    /// <summary>No gate accepted it; it is on this machine's disk and will be sent later.</summary>
    public const int Spooled = 4;

    /// <summary>
    /// The command to run was not started because of a fault of the wrapper; env and timeout report it the same way.
    /// </summary>
    public const int NotRun = 125;
}

/// <summary>Ends the command with a message that says what to do.</summary>
internal sealed class CliFaultException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>Wraps an unforeseen exception, so that it is printed like any other fault.</summary>
    public static CliFaultException Of(Exception fault) => fault as CliFaultException
        ?? new CliFaultException(ExitCodes.Misconfigured, "Unexpected error, which is a bug in cap: " +
            $"{fault.GetType().Name} {fault.Message}");
}
