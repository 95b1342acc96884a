using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Escalation;
using CapOrleans.Grains.Consumers;

namespace CapOrleans.Grains.Escalation;

/// <summary>Reports that nobody answers. The escalator of log 0 counts for all logs.</summary>
internal sealed partial class EscalatorGrain
{
    /// <summary>Incidents of one report: its commit has a row for each.</summary>
    private const int MaxCounted = 1000;

    private DateTimeOffset countedAt;

    private async Task ReportInactionAsync()
    {
        if (LogNumber != 0 || Time.GetUtcNow() - countedAt < StepInterval)
        {
            return;
        }

        countedAt = Time.GetUtcNow();
        foreach (var unanswered in await escalations.UnansweredAsync(Stopping))
        {
            var rule = policy.Ladders.FirstOrDefault(ladder => ladder.Id == unanswered.Ladder)?.Inaction;
            if (rule is null || unanswered.Count >= rule.Incidents || unanswered.ExpiresAt <= countedAt)
            {
                await ReportInactionAsync(unanswered.Ladder, rule);
            }
        }
    }

    /// <param name="rule">Null if the ladder reports no inaction any more.</param>
    private async Task ReportInactionAsync(string ladder, InactionRule? rule)
    {
        var rows = await escalations.UnansweredAsync(ladder, MaxCounted, Stopping);
        var open = rule is null ? [] : (await OpenAsync(rows)).Where(row => row.ExpiresAt > countedAt).ToList();
        var isReported = open.Count >= rule?.Incidents;
        origin ??= (await Log.HeadAsync(LogNumber, Stopping))!.Origin;
        await CommitAsync(new Step(Position, isReported ? [Inaction.Of(ladder, rule!, open).Write(origin, countedAt)] : [])
        {
            Escalations = new EscalationCommit(changes, [], [], []) { Counted = isReported ? rows : [.. rows.Except(open)] },
        });
        changes++;
    }

    /// <returns>Those that nobody has answered since.</returns>
    private async Task<IReadOnlyList<UnansweredRow>> OpenAsync(IReadOnlyList<UnansweredRow> rows)
    {
        var updates = (await Log.UpdatesAsync([.. rows.Select(row => (row.CapId, row.IncidentId))], Stopping))
            .Select(IncidentUpdates.ReadView).ToLookup(update => (update.CapId, update.IncidentId), update => update.View);
        return [.. rows.Where(row => !EscalationRules.IsObsolete(row.Since, 1, [.. updates[(row.CapId, row.IncidentId)]]))];
    }
}
