using System.Text.Json;
using CapOrleans.Contracts;
using CapOrleans.HttpEdge.Answers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Gate.Answers;

/// <summary>Errors as RFC 9457 problems, in the API's form.</summary>
internal static class GateProblems
{
    public static byte[] TooOld(TimeSpan age) => JsonSerializer.SerializeToUtf8Bytes(
        Of(StatusCodes.Status504GatewayTimeout, "too-old", "", "The incident waited for the cluster longer than " +
            $"{age}.").ProblemDetails, ProblemsJson.Default.ProblemDetails);

    /// <summary>The problem of an incident that only an intermediary between gate and cluster has refused.</summary>
    public static byte[] Intermediary(int status) => JsonSerializer.SerializeToUtf8Bytes(
        Of(status, "refused-by-intermediary", "", "A proxy or firewall between gate and cluster refuses the incident " +
            "and must let it pass; the gate " +
            "retries until the incident is too old.").ProblemDetails,
        ProblemsJson.Default.ProblemDetails);

    /// <summary>Replaces a problem of the API's that is too long to keep.</summary>
    public static byte[] TooLong(int status, byte[] given, int most) => JsonSerializer.SerializeToUtf8Bytes(
        Of(status, ProblemTypes.NameIn(given) is { } name && ProblemTypes.Meanings.ContainsKey(name) ? name : "refused", "", $"The API's problem has {given.Length} bytes; at most {most} are kept.").ProblemDetails,
        ProblemsJson.Default.ProblemDetails);

    public static ProblemHttpResult Of(int status, string type, string field, string rule) => HttpProblem.Of(status, type, field, rule);
}
