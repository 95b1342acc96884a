using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Escalation;

/// <param name="Before">The stored row.</param>
/// <param name="Row">The row to store; null when the escalation is over.</param>
/// <param name="Page">The page to send; null for none.</param>
/// <param name="IsUnanswered">Whether the escalation is over without an answer.</param>
/// <param name="IsReleased">The silence that held it back is over: it belongs in that silence's summary.</param>
public sealed record EscalationStepResult(
    EscalationRow Before, EscalationRow? Row, Page? Page = null, bool IsUnanswered = false, bool IsReleased = false);

/// <summary>Decides who is paged about an incident, and when: one computation for paging and for previews.</summary>
public static class EscalationRules
{
    /// <returns>The ladder that applies to an incident; null for none.</returns>
    /// <param name="pagingFloor">Paging floor of the incident's CapID.</param>
    public static Ladder? Find(IEnumerable<Ladder> ladders, string capId, string severity, string pagingFloor) => ladders
        .Where(ladder => CapIdPattern.Matches(ladder.Caps, capId)
            && Severity.Rank(severity) >= Severity.Rank(ladder.MinSeverity ?? pagingFloor))
        .OrderByDescending(ladder => ladder.Caps.Count(c => c != '*')).ThenBy(ladder => ladder.Id, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <param name="index">Index of the incident's entry.</param>
    /// <param name="since">Index of the entry that opened it: the incident's own, or the one that reopened it.</param>
    public static EscalationRow Start(Ladder ladder, string capId, string incidentId, string severity, long index, long since,
        DateTimeOffset now) =>
        new(index, capId, incidentId, severity, ladder.Id, 0, since, now);

    /// <summary>
    /// Orders new escalations so that CapIDs take turns: of a flood, the second page comes after the first of each other
    /// CapID.
    /// </summary>
    /// <param name="started">In the order of the log.</param>
    public static List<T> TakeTurns<T>(IEnumerable<T> started, Func<T, EscalationRow> rowOf) =>
    [
        .. started.GroupBy(one => rowOf(one).CapId).SelectMany(cap => cap.Select((one, turn) => (one, turn)))
            .OrderBy(next => next.turn).ThenBy(next => rowOf(next.one).Since).Select(next => next.one),
    ];

    /// <summary>Takes the next step of an escalation when it is due.</summary>
    /// <param name="updates">Updates of the incident, in order.</param>
    public static EscalationStepResult Next(
        EscalationRow row, Ladder ladder, PagingPolicy policy, IReadOnlyList<IncidentUpdateView> updates, DateTimeOffset now)
    {
        if (IncidentUpdates.StateOf(updates) == IncidentUpdates.Resolved)
        {
            return new EscalationStepResult(row, null);
        }

        if (updates.LastOrDefault(update => update.Action == "reopen") is { } reopened && reopened.Index > row.Since)
        {
            row = row with { Since = reopened.Index, Step = 0 };
        }

        // As many as the last page required; before the first page, as the first level requires.
        var needed = ladder.AcknowledgementsAt(Math.Max(0, row.Step - 1));
        if (Acknowledgements(updates, row.Since) is var answers && answers.Count >= needed)
        {
            if (ladder.AcknowledgedForSeconds is not { } seconds)
            {
                return new EscalationStepResult(row, null);
            }

            // Not resolved when the acknowledgement expires: the escalation continues, if need be with the last level
            // again, and earlier answers no longer count.
            var expiry = answers[^1].At + TimeSpan.FromSeconds(seconds);
            return now < expiry
                ? new EscalationStepResult(row, row with { DueAt = expiry, Silence = null })
                : Next(row with { Since = answers[^1].Index, Step = Math.Min(row.Step, ladder.Steps - 1) }, ladder, policy, updates, now);
        }

        if (row.Step >= ladder.Steps)
        {
            return new EscalationStepResult(row, null, IsUnanswered: true);
        }

        if (Silences.Active(policy.Silences, row.CapId, row.Severity, now) is { } silence)
        {
            return new EscalationStepResult(row, row with { DueAt = silence.EndsAt, Silence = silence.Id });
        }

        var rest = ladder.Levels.Skip(row.Step % ladder.Levels.Count).Select(level => Recipients.Of(level, policy.Rotations, now)).ToList();
        if (rest[0].IsEmpty && rest.Exists(later => !later.IsEmpty))
        {
            // No one is on call here: the next level must not wait for an answer that nobody can give.
            return new EscalationStepResult(row, row with { Step = row.Step + 1, DueAt = now }, Page.Of(row, ladder, rest[0]));
        }

        var waitsUntil = now + TimeSpan.FromSeconds(ladder.Levels[row.Step % ladder.Levels.Count].WaitSeconds);
        return row.Silence is not null
            ? new EscalationStepResult(row, row with { DueAt = waitsUntil, Silence = null }, IsReleased: true)
            : new EscalationStepResult(row, row with { Step = row.Step + 1, DueAt = waitsUntil }, Page.Of(row, ladder, rest[0]));
    }

    /// <summary>
    /// Whether the page is obsolete: the incident was answered or resolved, or it was reopened and has newer pages.
    /// </summary>
    /// <param name="updates">Updates of the incident, in order.</param>
    public static bool IsObsolete(Page page, IReadOnlyList<IncidentUpdateView> updates) =>
        IsObsolete(page.Since, page.Acknowledgements, updates);

    /// <inheritdoc cref="IsObsolete(Page, IReadOnlyList{IncidentUpdateView})"/>
    /// <param name="since">Index of an entry; only later answers count.</param>
    /// <param name="needed">Acknowledgements by different people.</param>
    public static bool IsObsolete(long since, int needed, IReadOnlyList<IncidentUpdateView> updates) =>
        IncidentUpdates.StateOf(updates) == IncidentUpdates.Resolved
        || updates.Any(update => update.Action == "reopen" && update.Index > since)
        || Acknowledgements(updates, since).Count >= needed;

    public static EntryDraft WriteUnanswered(EscalationRow row, string origin, DateTimeOffset now) =>
        Entry.Write(EntryKinds.IncidentUnanswered, origin, now, new CanonicalObject()
            .Add("capId", row.CapId)
            .Add("incidentId", row.IncidentId)
            .Add("index", row.Index)
            .Add("ladder", row.Ladder)
            .Add("severity", row.Severity)
            .Add("since", row.Since));

    /// <returns>The first acknowledgement of each actor, in order.</returns>
    private static List<IncidentUpdateView> Acknowledgements(IReadOnlyList<IncidentUpdateView> updates, long since) =>
        [.. updates.Where(update => update.Action == "acknowledge" && update.Index > since).DistinctBy(update => update.By)];
}
