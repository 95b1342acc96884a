using System.Globalization;
using CapOrleans.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.HttpEdge.Answers;

/// <summary>
/// Errors as RFC 9457 problems: a stable <c>type</c>, explained by <c>detail</c>, the <c>field</c> at fault and the
/// <c>rule</c> it breaks.
/// </summary>
public static class HttpProblem
{
    private const int MaxFieldLength = 100;

    /// <returns>The value of a Retry-After header: whole seconds, at least one.</returns>
    public static string Seconds(TimeSpan wait) => Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    public static ProblemHttpResult Of(int status, string type, string field, string rule) => TypedResults.Problem(
        detail: ProblemTypes.Meanings.GetValueOrDefault(type),
        statusCode: status,
        title: type.Replace('-', ' '),
        type: ProblemTypes.Of(type),
        extensions: new Dictionary<string, object?> { ["field"] = Short(field), ["rule"] = rule });

    /// <summary>
    /// Shortens a field name, since callers choose those of unknown members: an answer must not be larger than its
    /// request.
    /// </summary>
    private static string Short(string field) => field.Length <= MaxFieldLength ? field
        : $"{field[..(char.IsHighSurrogate(field[MaxFieldLength - 1]) ? MaxFieldLength - 1 : MaxFieldLength)]}…";
}
