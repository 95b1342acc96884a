using System.Net;

namespace CapOrleans.Client;

/// <summary>A call failed.</summary>
public abstract class ClientException(string message, int? status, TimeSpan? retryAfter, Exception? inner) : Exception(message, inner)
{
    /// <summary>HTTP status of the response; null when there was none.</summary>
    public int? Status { get; } = status;

    /// <summary>Delay before a retry that the server asked for; null when it named none.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>Whether nothing was decided, so that a retry may succeed.</summary>
    public bool IsRetryable => Status is null or (int)HttpStatusCode.RequestTimeout or (int)HttpStatusCode.TooManyRequests or >= 500;
}

/// <summary>The service refused the call.</summary>
public sealed class ProblemException(Problem problem, TimeSpan? retryAfter)
    : ClientException($"Refused with {problem.Status}, {problem}", problem.Status, retryAfter, null)
{
    public Problem Problem { get; } = problem;
}

/// <summary>No response, or one that is not from the service: another server or an intermediary responded.</summary>
public sealed class NoAnswerException(string message, int? status = null, TimeSpan? retryAfter = null, Exception? inner = null)
    : ClientException(message, status, retryAfter, inner);
