using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Escalation;

namespace CapOrleans.Grains.Escalation;

/// <summary>
/// What silences hold back. A held incident is due at the end of its silence; when a silence ends, or is changed, everything
/// that it holds is looked at together, so that what is still unanswered becomes one summary and not a page each.
/// </summary>
internal sealed partial class EscalatorGrain
{
    /// <summary>Incidents of one summary: its commit has a row for each.</summary>
    private const int MaxHeld = 1000;

    private bool hasReviewed;

    /// <summary>After an activation, and after a change of the silences.</summary>
    private async Task ReviewAsync()
    {
        if (hasReviewed)
        {
            return;
        }

        foreach (var silence in await escalations.SilencesAsync(LogNumber, Stopping))
        {
            await ReviewAsync(silence);
        }

        hasReviewed = true;
    }

    /// <param name="silence">Its id; it may be over, or gone.</param>
    private async Task ReviewAsync(string silence)
    {
        IReadOnlyList<EscalationRow> held;
        var after = -1L;
        do
        {
            held = await escalations.HeldAsync(LogNumber, silence, after, MaxHeld, Stopping);
            var turns = new List<EscalationStepResult>();
            foreach (var rows in held.Chunk(MaxSteps))
            {
                turns.AddRange((await TurnsAsync(rows)).Where(turn => turn.Row != turn.Before));
            }

            if (turns.Count > 0)
            {
                await ChangeAsync(Position, turns, [.. Summaries(silence, turns)]);
            }

            after = held.Count > 0 ? held[^1].Index : after;
        }
        while (held.Count == MaxHeld);
    }

    /// <returns>One for each level at which incidents were held.</returns>
    private IEnumerable<SilenceSummary> Summaries(string silence, IReadOnlyList<EscalationStepResult> turns) => turns
        .Where(turn => turn.IsReleased)
        .GroupBy(turn => (turn.Row!.Ladder, turn.Row.Step))
        .Select(level => SilenceSummary.Of(
            [.. level.Select(turn => turn.Row!)], silence, LadderOf(level.First().Row!)!, policy.Rotations, Time.GetUtcNow()));
}
