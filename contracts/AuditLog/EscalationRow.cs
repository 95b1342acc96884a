using Orleans;

namespace CapOrleans.Contracts.AuditLog;

/// <summary>
/// An incident that awaits an answer, stored in the log's database until its escalation ends and
/// changed by the log's commits alone.
/// </summary>
/// <param name="Index">Index of the incident's entry.</param>
/// <param name="Ladder">Id of the ladder.</param>
/// <param name="Step">Next step of the ladder, from 0: its levels in order, and all of them
/// again for each repetition.</param>
/// <param name="Since">Answers count only in entries after this index: that of the incident's entry, of its reopening,
/// or of an acknowledgement that has expired.</param>
/// <param name="DueAt">Time of the next step.</param>
/// <param name="Silence">Id of the silence that holds the next step back; null if none does.</param>
[GenerateSerializer, Immutable, Alias("cap.escalation-row.v1")]
public sealed record EscalationRow(
    [property: Id(0)] long Index,
    [property: Id(1)] string CapId,
    [property: Id(2)] string IncidentId,
    [property: Id(3)] string Severity,
    [property: Id(4)] string Ladder,
    [property: Id(5)] int Step,
    [property: Id(6)] long Since,
    [property: Id(7)] DateTimeOffset DueAt,
    [property: Id(8)] string? Silence = null);

/// <summary>
/// A change of a log's escalations. Changes are numbered, so that of two activations that
/// both make one, one is refused.
/// </summary>
/// <param name="Number">The append is refused unless exactly this many changes were committed before.</param>
/// <param name="Rows">Each replaces the stored row of its incident.</param>
/// <param name="Ended">Indexes of the incidents whose rows are deleted.</param>
/// <param name="Steps">One for each of the append's entries.</param>
[GenerateSerializer, Immutable, Alias("cap.escalation-commit.v1")]
public sealed record EscalationCommit(
    [property: Id(0)] long Number,
    [property: Id(1)] IReadOnlyList<EscalationRow> Rows,
    [property: Id(2)] IReadOnlyList<long> Ended,
    [property: Id(3)] IReadOnlyList<EscalationStepRow> Steps)
{
    /// <summary>Incidents that stayed unanswered, to be counted.</summary>
    [Id(4)] public IReadOnlyList<UnansweredRow> Unanswered { get; init; } = [];

    /// <summary>Incidents, of any log, that no longer count.</summary>
    [Id(5)] public IReadOnlyList<UnansweredRow> Counted { get; init; } = [];

    /// <summary>Consumer name of the offset that counts the changes.</summary>
    public const string Offset = "escalation-changes";
}

/// <summary>An incident that stayed unanswered, kept until it is reported or no longer counts.</summary>
/// <param name="Index">Index of the incident's entry.</param>
/// <param name="Since">Answers in later entries count.</param>
/// <param name="At">End of the last wait.</param>
/// <param name="ExpiresAt">From then on it does not count.</param>
[GenerateSerializer, Immutable, Alias("cap.unanswered-row.v1")]
public sealed record UnansweredRow(
    [property: Id(0)] int Log,
    [property: Id(1)] long Index,
    [property: Id(2)] string CapId,
    [property: Id(3)] string IncidentId,
    [property: Id(4)] string Severity,
    [property: Id(5)] string Ladder,
    [property: Id(6)] long Since,
    [property: Id(7)] DateTimeOffset At,
    [property: Id(8)] DateTimeOffset ExpiresAt);

/// <summary>The incident of an entry that pages it or records that it stayed unanswered.</summary>
[GenerateSerializer, Immutable, Alias("cap.escalation-step-row.v1")]
public sealed record EscalationStepRow([property: Id(0)] string CapId, [property: Id(1)] string IncidentId);
