using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Consumers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Escalation;

/// <summary>
/// Pages the people who are to answer one log's incidents, level by level, until someone does. A page is a log entry,
/// committed together with the state of its escalation. The webhooks that it names receive it like any other entry, and
/// check before each attempt whether the incident was answered meanwhile.
/// </summary>
/// <remarks>
/// Crash before a commit: the step is still due, and the next activation makes it. If two activations make it, the log
/// refuses one of them. Test: <c>A_ladder_survives_the_end_of_its_node_at_each_step</c>.
/// </remarks>
internal sealed partial class EscalatorGrain(
    IAuditLogReader log, IEscalationReader escalations, IIncidentGroupReader groups, TimeProvider time, IHostApplicationLifetime host,
    ILogger<EscalatorGrain> logger)
    : ConsumerGrain(log, time, host, logger), IEscalatorGrain
{
    /// <summary>Maximum steps per commit, and between two looks at what is new in the log.</summary>
    private const int MaxSteps = 64, MaxStepsPerPass = 256;

    /// <summary>Between due steps while there is much to read: what is new must be read to take its turn.</summary>
    private static readonly TimeSpan StepInterval = TimeSpan.FromSeconds(1);

    private PagingPolicy policy = new([], [], []);
    private string? origin;
    private long changes; // committed so far
    private bool knowsDue;
    private DateTimeOffset steppedAt;
    private DateTimeOffset? nextDue;

    protected override int LogNumber => (int)this.GetPrimaryKeyLong();

    protected override string Consumer => "escalate";

    /// <summary>Zero: people are paged without delay.</summary>
    protected override TimeSpan Interval => TimeSpan.Zero;

    protected override bool CanProceed => policy.Ladders.Count > 0;

    protected override long FirstIndex => policy.Ladders.Select(StartOf).DefaultIfEmpty().Min();

    protected override async Task<long> ResumeAtAsync(long offset)
    {
        (changes, knowsDue, hasReviewed) = (await Log.PositionAsync(LogNumber, EscalationCommit.Offset, Stopping), false, false);
        return offset;
    }

    protected override async Task PrepareAsync()
    {
        await RefreshPolicyAsync();
        await ReviewAsync();
        await RunDueStepsAsync();
        await ReportInactionAsync();
    }

    protected override async Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries)
    {
        if (Time.GetUtcNow() - steppedAt >= StepInterval)
        {
            await RunDueStepsAsync(); // however many entries are new
        }

        if (entries.Any(entry => entry.Kind is EntryKinds.IncidentAccepted or EntryKinds.IncidentReopened or EntryKinds.IncidentResolved))
        {
            await RefreshPolicyAsync();
        }

        var opening = policy.Ladders.Count == 0 ? [] : await OpeningAsync(entries);
        var started = EscalationRules.TakeTurns(
            opening.Select(Start).OfType<(EscalationRow Row, Ladder Ladder)>().DistinctBy(one => one.Row.Index), one => one.Row);
        if (started.Count > 0)
        {
            // An escalator that is behind may find the incident answered already. A later reopening is read later.
            var updates = await UpdatesAsync([.. started.Take(MaxSteps).Select(one => one.Row)]);
            await ChangeAsync(from + entries.Count,
            [
                .. started.Take(MaxSteps).Select(one => EscalationRules.Next(
                    one.Row, one.Ladder, policy, UpdatesReadUntil(updates, one.Row, one.Row.Since + 1), Time.GetUtcNow())),
                .. started.Skip(MaxSteps).Select(one => new EscalationStepResult(one.Row, one.Row)), // due now
            ]);
        }

        return Step.Skip(from + entries.Count);
    }

    private (EscalationRow Row, Ladder Ladder)? Start(LogEntry entry)
    {
        var incident = Notification.Of(entry)!;
        if (EscalationRules.Find(
            policy.Ladders.Where(ladder => StartOf(ladder) <= entry.Index), incident.CapId, incident.Severity,
                incident.PagingFloor) is not { } ladder)
        {
            return null;
        }

        var index = entry.Kind == EntryKinds.IncidentAccepted ? entry.Index : IncidentUpdates.IndexOf(entry);
        return (EscalationRules.Start(
            ladder, incident.CapId, incident.IncidentId, incident.Severity, index, entry.Index, Time.GetUtcNow()), ladder);
    }

    /// <summary>Makes steps that are due; what is left is due at the next pass, for which it wakes itself.</summary>
    private async Task RunDueStepsAsync()
    {
        steppedAt = Time.GetUtcNow();
        if (!knowsDue || nextDue <= steppedAt)
        {
            var due = await escalations.DueAsync(LogNumber, steppedAt, MaxStepsPerPass, Stopping);
            foreach (var silence in due.Select(row => row.Silence).OfType<string>().Distinct())
            {
                await ReviewAsync(silence);
            }

            foreach (var rows in due.Where(row => row.Silence is null).Chunk(MaxSteps))
            {
                await ChangeAsync(Position, await TurnsAsync(rows));
            }

            (knowsDue, nextDue) = (true, await escalations.NextDueAsync(LogNumber, Stopping));
        }

        Wake();
    }

    private async Task<IReadOnlyList<EscalationStepResult>> TurnsAsync(IReadOnlyList<EscalationRow> rows)
    {
        var updates = await UpdatesAsync(rows);
        return [.. rows.Select(row => LadderOf(row) is { } ladder
            ? EscalationRules.Next(row, ladder, policy, UpdatesReadUntil(updates, row, Position), Time.GetUtcNow())
            : new EscalationStepResult(row, null))]; // its ladder was removed
    }

    private Ladder? LadderOf(EscalationRow row) =>
        policy.Ladders.FirstOrDefault(ladder => ladder.Id == row.Ladder && StartOf(ladder) <= row.Since);

    private async Task<ILookup<(string CapId, string IncidentId), IncidentUpdateView>> UpdatesAsync(IReadOnlyList<EscalationRow> rows) =>
        (await Log.UpdatesAsync([.. rows.Select(row => (row.CapId, row.IncidentId))], Stopping))
        .Select(IncidentUpdates.ReadView).ToLookup(update => (update.CapId, update.IncidentId), update => update.View);

    /// <summary>
    /// Returns the incident's updates without any reopening that was not read yet: it restarts the ladder when it is
    /// read, not before.
    /// </summary>
    /// <param name="unread">Index of the first entry that was not read yet.</param>
    private static List<IncidentUpdateView> UpdatesReadUntil(
        ILookup<(string CapId, string IncidentId), IncidentUpdateView> updates, EscalationRow row, long unread) =>
        [.. updates[(row.CapId, row.IncidentId)].Where(update => update.Action != "reopen" || update.Index < unread)];

    /// <param name="to">Index of the first entry that was not processed.</param>
    /// <param name="summaries">Of the turns whose silence has ended.</param>
    private async Task ChangeAsync(long to, IReadOnlyList<EscalationStepResult> turns, params IReadOnlyList<SilenceSummary> summaries)
    {
        origin ??= (await Log.HeadAsync(LogNumber, Stopping))!.Origin;
        var now = Time.GetUtcNow();
        var (rows, logged) = (turns.Select(turn => turn.Row).OfType<EscalationRow>().ToList(), turns.Where(turn => turn.Page is not null
            || turn.IsUnanswered).ToList());
        await CommitAsync(new Step(to, [.. logged.Select(turn => turn.Page?.Write(origin, now) ?? EscalationRules.WriteUnanswered(
            turn.Before, origin, now)), .. summaries.Select(summary => summary.Write(origin, now))])
        {
            Escalations = new EscalationCommit(
                changes, rows, [.. turns.Where(turn => turn.Row is null).Select(turn => turn.Before.Index)],
                [.. logged.Select(turn => new EscalationStepRow(turn.Before.CapId, turn.Before.IncidentId))])
            {
                Unanswered = [.. turns.Where(turn => turn.IsUnanswered)
                    .Select(turn => Inaction.Row(LogNumber, turn.Before, LadderOf(turn.Before), now)).OfType<UnansweredRow>()],
            },
        });
        changes++;
        foreach (var row in rows)
        {
            nextDue = nextDue < row.DueAt ? nextDue : row.DueAt;
        }

        Wake();
    }

    private long StartOf(Ladder ladder) => LogNumber < ladder.StartsAt.Count ? ladder.StartsAt[LogNumber] : 0;

    private async Task RefreshPolicyAsync()
    {
        var before = policy.Silences;
        policy = await GrainFactory.GetGrain<ILaddersGrain>(0).PolicyAsync().WaitAsync(Stopping);
        hasReviewed &= before.SequenceEqual(policy.Silences);
    }
}
