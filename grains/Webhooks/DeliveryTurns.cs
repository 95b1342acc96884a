using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.Webhooks;

/// <summary>
/// Picks the next of the deliveries that wait for one receiver: CapIDs take turns within a severity, and so do the
/// severities.
/// </summary>
internal sealed class DeliveryTurns(IDeliveryReader deliveries, ReceiverThrottle throttle, int log, string webhook, TimeProvider time)
{
    /// <summary>
    /// The most severe every other time, so that a flood of critical incidents cannot starve the others.
    /// </summary>
    private static readonly int[] RankSchedule = [3, 2, 3, 1, 3, 0];

    /// <summary>Pages of CapIDs searched per severity, so that CapIDs that must wait are skipped.</summary>
    private const int MostPages = 3;

    private readonly string[] last = ["", "", "", ""]; // the CapID that had the last turn, by severity
    private long turns;
    private (int Rank, string Before)? taken;

    /// <param name="inProgress">Indexes of the entries whose deliveries are in progress.</param>
    /// <returns>A delivery that is due and not in progress; null when there is none.</returns>
    public async Task<DeliveryRow?> NextAsync(IReadOnlyCollection<long> inProgress, CancellationToken cancellationToken)
    {
        // A receiver may fail on or throttle only some CapIDs, so CapIDs that have not failed go first, and then all
        // may try.
        return await NextOfAsync(inProgress, cancellationToken)
            ?? (throttle.ForgetFailed() ? await NextOfAsync(inProgress, cancellationToken) : null);
    }

    /// <summary>Uses up the turn: the delivery was sent.</summary>
    public void CommitTurn() => taken = null;

    /// <summary>Gives the turn back: nothing was sent, so the next delivery is the same one.</summary>
    public void RevertTurn()
    {
        if (taken is { } turn)
        {
            (last[turn.Rank], turns, taken) = (turn.Before, turns - 1, null);
        }
    }

    private async Task<DeliveryRow?> NextOfAsync(IReadOnlyCollection<long> inProgress, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var first = throttle.IsProbing ? Severity.CriticalRank : RankSchedule[(int)(turns % RankSchedule.Length)];
        foreach (var rank in Enumerable.Range(0, Severity.Ladder.Count).Reverse().OrderBy(rank => rank != first))
        {
            var before = last[rank];
            for (var page = 1; page <= MostPages; page++)
            {
                var next = await deliveries.NextCapsAsync(log, webhook, rank, last[rank], now, inProgress, cancellationToken);
                var due = next.FirstOrDefault(turn => turn.Index is not null && throttle.MayStartOf(turn.CapId));
                var isFirst = last[rank].Length == 0;
                last[rank] = due?.CapId ?? (next.Count == IDeliveryReader.MaxCaps ? next[^1].CapId : "");
                if (due is not null && await deliveries.FindAsync(log, webhook, due.Index!.Value, cancellationToken) is { } row)
                {
                    (taken, turns) = ((rank, before), turns + 1);
                    return row;
                }

                if (isFirst && last[rank].Length == 0)
                {
                    break; // that was the last page
                }
            }
        }

        // Many CapIDs may be waiting with nothing due yet; the turns skip only a few of them at a time.
        return (await deliveries.DueAsync(log, webhook, now, inProgress.Count + 1, cancellationToken))
            .FirstOrDefault(row => !inProgress.Contains(row.Index) && throttle.MayStartOf(row.CapId));
    }
}
