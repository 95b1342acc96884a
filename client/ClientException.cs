using System.Net;

namespace CapOrleans.Client;

/// <summary>A call that did not succeed.</summary>
public abstract class ClientException(string message, int? status, TimeSpan? retryAfter, Exception? inner) : Exception(message, inner)
{
    /// <summary>Of the answer; null when there was none.</summary>
    public int? Status { get; } = status;

    /// <summary>When the server wants to be asked again; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>Nothing was decided: the same may be sent again, and may then succeed.</summary>
    public bool IsRetryable => Status is null or (int)HttpStatusCode.RequestTimeout or (int)HttpStatusCode.TooManyRequests or >= 500;
}

/// <summary>The service refused.</summary>
public sealed class ProblemException(Problem problem, TimeSpan? retryAfter)
    : ClientException($"Refused with {problem.Status}, {problem}", problem.Status, retryAfter, null)
{
    public Problem Problem { get; } = problem;
}

/// <summary>No answer came, or one that is not the service's: something else is there, or in between.</summary>
public sealed class NoAnswerException(string message, int? status = null, TimeSpan? retryAfter = null, Exception? inner = null)
    : ClientException(message, status, retryAfter, inner);
