using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Whose turn it is of what waits for one receiver: CapIDs take turns within a severity, and severities among each other.</summary>
internal sealed class DeliveryTurns(IDeliveryReader deliveries, ReceiverThrottle throttle, int log, string webhook, TimeProvider time)
{
    /// <summary>The most severe every other time, so that what floods as critical keeps nothing else waiting for ever.</summary>
    private static readonly int[] RanksInTurn = [3, 2, 3, 1, 3, 0];

    /// <summary>Of CapIDs, so that those that must wait are passed over.</summary>
    private const int MostPages = 3;

    private readonly string[] last = ["", "", "", ""]; // CapIDs, by severity
    private long turns;
    private (int Rank, string Before)? taken;

    /// <param name="underWay">Indexes.</param>
    /// <returns>What is due and not under way; null when nothing is.</returns>
    public async Task<DeliveryRow?> NextAsync(IReadOnlyCollection<long> underWay, CancellationToken cancellationToken)
    {
        // Of a receiver that may fail on what some CapIDs send, or wants less of them, the others' say more: each has its try.
        return await NextOfAsync(underWay, cancellationToken)
            ?? (throttle.ForgetFailed() ? await NextOfAsync(underWay, cancellationToken) : null);
    }

    /// <summary>It was sent.</summary>
    public void Spend() => taken = null;

    /// <summary>Nothing was sent: the next one is the same.</summary>
    public void GiveBack()
    {
        if (taken is { } turn)
        {
            (last[turn.Rank], turns, taken) = (turn.Before, turns - 1, null);
        }
    }

    private async Task<DeliveryRow?> NextOfAsync(IReadOnlyCollection<long> underWay, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var first = throttle.IsTrying ? Severity.CriticalRank : RanksInTurn[(int)(turns % RanksInTurn.Length)];
        foreach (var rank in Enumerable.Range(0, Severity.Ladder.Count).Reverse().OrderBy(rank => rank != first))
        {
            var before = last[rank];
            for (var page = 1; page <= MostPages; page++)
            {
                var next = await deliveries.TurnsAsync(log, webhook, rank, last[rank], now, underWay, cancellationToken);
                var due = next.FirstOrDefault(turn => turn.Index is not null && throttle.MayStartOf(turn.CapId));
                var isFirst = last[rank].Length == 0;
                last[rank] = due?.CapId ?? (next.Count == IDeliveryReader.MaxTurns ? next[^1].CapId : "");
                if (due is not null && await deliveries.FindAsync(log, webhook, due.Index!.Value, cancellationToken) is { } row)
                {
                    (taken, turns) = ((rank, before), turns + 1);
                    return row;
                }

                if (isFirst && last[rank].Length == 0)
                {
                    break; // that were all of them
                }
            }
        }

        // Many CapIDs wait of which nothing is due yet: they are passed over a few at a time.
        return (await deliveries.DueAsync(log, webhook, now, underWay.Count + 1, cancellationToken))
            .FirstOrDefault(row => !underWay.Contains(row.Index) && throttle.MayStartOf(row.CapId));
    }
}
