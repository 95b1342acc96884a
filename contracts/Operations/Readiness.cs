using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Contracts.Operations;

/// <param name="Status"><c>ready</c> when every log accepts incidents; consumers may lag, and report by how much and
/// why. <c>degraded</c> when every log does, but what a consumer reads elsewhere contradicts a log, or anchoring or
/// archiving has been failing for 5 minutes.</param>
/// <param name="Logs">Like <paramref name="Consumers"/>, only for callers with read access; null otherwise.</param>
/// <param name="Warnings">Why pages of ladders would reach no one, now or at some time in the next 30 days; they do not
/// change the status.</param>
public sealed record Readiness(
    [property: AllowedValues(Readiness.Ready, Readiness.Degraded)] string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<LogReadiness>? Logs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Progress>? Consumers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<LadderWarning>? Warnings = null)
{
    public const string Ready = "ready";

    public const string Degraded = "degraded";
}

/// <param name="Log">The log's number; CapIDs are distributed over the logs.</param>
public sealed record LogReadiness(int Log, string Origin, long Size);

/// <param name="Ladder">Id of the ladder.</param>
/// <param name="Warning">A sentence.</param>
public sealed record LadderWarning(string Ladder, string Warning);
