using CapOrleans.HttpEdge.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;

namespace CapOrleans.HttpEdge.Answers;

/// <summary>
/// Handles what no endpoint caught: answers it, or closes the connection when an answer has begun, and logs at most
/// once a second. The server's own log would write a stack trace for each, and anyone who finds a fault could fill the
/// disk with them.
/// </summary>
public sealed partial class Faults(TimeProvider time, ILogger<Faults> logger)
{
    private readonly LogThrottle throttle = new(time);

    /// <param name="known">Returns the answer to a known fault; null for any other, which is answered with 500.</param>
    public void Use(IApplicationBuilder app, Func<Exception, ProblemHttpResult?>? known = null) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone, and with it whatever was read or written.
        }
        catch (Exception fault) when (fault is not BadHttpRequestException || known is not null)
        {
            var answer = known?.Invoke(fault);
            if (fault is not BadHttpRequestException && throttle.Take() is > 0 and var count)
            {
                LogFault(count, context.Request.Method, context.GetEndpoint()?.DisplayName, fault.GetType().Name, fault.Message, fault.StackTrace);
            }

            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            if (answer?.StatusCode == StatusCodes.Status503ServiceUnavailable)
            {
                context.Response.Headers.RetryAfter = "1";
            }

            answer ??= HttpProblem.Of(
                StatusCodes.Status500InternalServerError, "internal", "",
                "Retry the request, or ask the operator: the service's log has the details.");
            await answer.ExecuteAsync(context);
        }
    });

    [LoggerMessage(310, LogLevel.Error, "{Count} requests failed; the last was {Method} {Endpoint}: {Fault} {Message} {Stack}")]
    private partial void LogFault(long count, string method, string? endpoint, string fault, string message, string? stack);
}
