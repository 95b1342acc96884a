using System.Globalization;
using CapOrleans.Contracts.Incidents;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api;

/// <summary>Errors as RFC 9457 problems: a stable <c>type</c>, the <c>field</c> at fault and the <c>rule</c> it breaks.</summary>
public static class Problems
{
    private const string TypePrefix = "urn:caporleans:problem:";

    /// <summary>What a client should wait before it sends the same again, in seconds.</summary>
    public const string RetryAfterSeconds = "1";

    /// <returns>As a Retry-After header has it: whole seconds, at least one.</returns>
    public static string Seconds(TimeSpan wait) => Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    public static ProblemHttpResult Of(int status, string type, string field, string rule) => TypedResults.Problem(
        detail: rule,
        statusCode: status,
        title: type.Replace('-', ' '),
        type: TypePrefix + type,
        extensions: new Dictionary<string, object?> { ["field"] = field, ["rule"] = rule });

    public static ProblemHttpResult Of(int status, Refusal refusal) => Of(status, refusal.Type, refusal.Field, refusal.Rule);

    /// <summary>The one place where a verdict becomes HTTP.</summary>
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
