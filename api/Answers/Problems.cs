using CapOrleans.Contracts.Incidents;
using CapOrleans.HttpEdge.Answers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api.Answers;

/// <summary>Errors as RFC 9457 problems: a stable <c>type</c>, the <c>field</c> at fault and the <c>rule</c> it breaks.</summary>
public static class Problems
{
    /// <summary>Seconds that a client should wait before a retry.</summary>
    public const string RetryAfterSeconds = "1";

    /// <returns>The value of a <c>Retry-After</c> header: whole seconds, at least one.</returns>
    public static string Seconds(TimeSpan wait) => HttpProblem.Seconds(wait);

    public static ProblemHttpResult Of(int status, string type, string field, string rule) => HttpProblem.Of(status, type, field, rule);

    public static ProblemHttpResult Of(int status, Refusal refusal) => Of(status, refusal.Type, refusal.Field, refusal.Rule);

    /// <summary>HTTP status of a verdict on an incident.</summary>
    public static int StatusOf(Verdict verdict) => verdict switch
    {
        Verdict.Accepted => StatusCodes.Status201Created,
        Verdict.AlreadyAccepted => StatusCodes.Status200OK,
        Verdict.Malformed => StatusCodes.Status400BadRequest,
        Verdict.Unauthorised => StatusCodes.Status403Forbidden,
        Verdict.CapUnknown => StatusCodes.Status404NotFound,
        Verdict.Conflicts => StatusCodes.Status409Conflict,
        Verdict.TooMany => StatusCodes.Status429TooManyRequests,
        Verdict.Busy => StatusCodes.Status503ServiceUnavailable,
        _ => throw new InvalidOperationException($"{verdict} is no verdict."),
    };
}
