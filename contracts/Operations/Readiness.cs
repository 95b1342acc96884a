using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Contracts.Operations;

/// <param name="Status">
/// <c>ready</c> when every log takes incidents; consumers may lag, and say by how much and why. <c>degraded</c> when every log does, and
/// what a consumer reads elsewhere contradicts one.
/// </param>
/// <param name="Logs">With <paramref name="Consumers"/> for whoever may read.</param>
public sealed record Readiness(
    [property: AllowedValues(Readiness.Ready, Readiness.Degraded)] string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<LogReadiness>? Logs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Progress>? Consumers)
{
    public const string Ready = "ready";

    public const string Degraded = "degraded";
}

/// <param name="Log">The log's number; CapIDs are spread over the logs.</param>
public sealed record LogReadiness(int Log, string Origin, long Size);
