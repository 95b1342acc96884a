using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Forward;

/// <summary>What becomes of a request that the cluster gave no verdicts on.</summary>
internal sealed partial class PartitionForwarder
{
    /// <summary>
    /// A request that has no verdicts is sent in halves, until one incident is left that has none by itself. What the cluster refuses whole
    /// has its verdict. Anything else is said by something in between, or by nobody: that queue rests while others go on, and an incident that
    /// was tried a few times steps aside, so that what is behind it goes on as well. In an outage none does: nothing passed meanwhile.
    /// </summary>
    private async Task HalveAsync(IReadOnlyList<Waiting> batch, BatchAnswer answer, CancellationToken stoppingToken)
    {
        if (!answer.IsBusy)
        {
            most[isRetry ? 1 : 0] = Math.Max(1, batch.Count / 2);
        }

        if (!answer.IsBusy && batch is [var single])
        {
            if (answer.Refusal is { IsOfIntermediary: false } refusal)
            {
                await spool.SettleAsync([new Settlement(single.Number, refusal.Status, refusal.Problem)]);
                return;
            }

            if (single.IsAside)
            {
                retries.PauseAsides();
            }

            await RestAsync(single, answer.Refusal ?? Unanswered);
        }

        // Where nothing passes, whatever refuses everything is asked more and more seldom; where something does, one incident keeps no other.
        blocked = !answer.IsBusy && cluster.HasPassedSince(began - time.TimestampFrequency) ? 0 : blocked + 1;
        if (blocked > 1 && (batch.Count == 1 || answer.Refusal is null))
        {
            var wait = answer.RetryAfter ?? TimeSpan.FromMilliseconds(200) * Math.Pow(2, Math.Min(blocked, 10));
            await Task.Delay(answer.RetryAfter is not null || wait < LongestBackoff ? wait : LongestBackoff, time, stoppingToken);
        }
    }

    private async Task RestAsync(Waiting single, LineVerdict verdict)
    {
        retries.Record([single], [verdict], retryAfter: null);
        var (attempts, since) = retries.AttemptsOf(single.Queue);
        if (!single.IsAside && attempts >= TriesBeforeAside && (verdict.IsOfIntermediary || cluster.HasPassedSince(since)))
        {
            await spool.StepAsideAsync(single.Number);
            retries.Forget([single.Queue]);
            retries.Record([single with { Queue = single.QueueAside }], [verdict], retryAfter: null);
        }
    }
}
