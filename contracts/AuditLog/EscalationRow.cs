using Orleans;

namespace CapOrleans.Contracts.AuditLog;

/// <summary>
/// An incident that somebody is to answer; in the log's database until that is over, and changed by the log's commits
/// alone.
/// </summary>
/// <param name="Index">Of the incident's entry.</param>
/// <param name="Ladder">Its id.</param>
/// <param name="Step">Of the ladder, the next one, from 0: its levels, and again for each repetition.</param>
/// <param name="Since">Answers in entries behind this index count: the incident's, that of its reopening, or that of an
/// acknowledgement which has expired.</param>
/// <param name="DueAt">Of the next step.</param>
[GenerateSerializer, Immutable, Alias("cap.escalation-row.v1")]
public sealed record EscalationRow(
    [property: Id(0)] long Index,
    [property: Id(1)] string CapId,
    [property: Id(2)] string IncidentId,
    [property: Id(3)] string Severity,
    [property: Id(4)] string Ladder,
    [property: Id(5)] int Step,
    [property: Id(6)] long Since,
    [property: Id(7)] DateTimeOffset DueAt);

/// <summary>
/// What changed of a log's escalations. Changes are numbered, so that of two activations that both make one, one is
/// refused.
/// </summary>
/// <param name="Number">Refused unless so many were committed before.</param>
/// <param name="Rows">Each replaces what was known of its incident.</param>
/// <param name="Ended">Indexes of incidents of which nothing is kept any more.</param>
/// <param name="Steps">One for each of the append's entries.</param>
[GenerateSerializer, Immutable, Alias("cap.escalation-commit.v1")]
public sealed record EscalationCommit(
    [property: Id(0)] long Number,
    [property: Id(1)] IReadOnlyList<EscalationRow> Rows,
    [property: Id(2)] IReadOnlyList<long> Ended,
    [property: Id(3)] IReadOnlyList<EscalationStepRow> Steps)
{
    /// <summary>The offset that counts them.</summary>
    public const string Offset = "escalation-changes";
}

/// <summary>An incident was paged, or is left unanswered: where that is in the log.</summary>
[GenerateSerializer, Immutable, Alias("cap.escalation-step-row.v1")]
public sealed record EscalationStepRow([property: Id(0)] string CapId, [property: Id(1)] string IncidentId);
