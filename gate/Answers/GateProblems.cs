using System.Text.Json;
using CapOrleans.HttpEdge.Answers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Gate.Answers;

/// <summary>Errors as RFC 9457 problems, as the API writes them.</summary>
internal static class GateProblems
{
    public static byte[] TooOld(TimeSpan age) => JsonSerializer.SerializeToUtf8Bytes(
        Of(StatusCodes.Status504GatewayTimeout, "too-old", "", $"It waited for the cluster longer than {age}.").ProblemDetails, ProblemsJson.Default.ProblemDetails);

    public static ProblemHttpResult Of(int status, string type, string field, string rule) => HttpProblem.Of(status, type, field, rule);
}
