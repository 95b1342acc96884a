using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Forward;

/// <summary>Handles requests that the cluster gave no verdicts on.</summary>
internal sealed partial class PartitionForwarder
{
    /// <summary>
    /// Halves a request without verdicts until it is down to one incident. If the cluster itself refuses that one, the
    /// refusal is its verdict. Otherwise an intermediary refused it, or there was no answer: its queue backs off while
    /// others go on, and after a few attempts the incident steps aside, so that those behind it go on as well. In an
    /// outage none steps aside, since nothing else got through.
    /// </summary>
    private async Task HalveAsync(IReadOnlyList<Waiting> batch, BatchAnswer answer, CancellationToken stoppingToken)
    {
        if (!answer.IsBusy)
        {
            batchSizes[isRetry ? 1 : 0] = Math.Max(1, batch.Count / 2);
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

            await BackOffAsync(single, answer.Refusal ?? Unanswered);
        }

        // While nothing gets through, requests become less and less frequent; while something does, no incident delays
        // another.
        consecutiveFailures = !answer.IsBusy && cluster.WasReachedSince(batchStartedAt - time.TimestampFrequency) ? 0 : consecutiveFailures + 1;
        if (consecutiveFailures > 1 && (batch.Count == 1 || answer.Refusal is null))
        {
            var wait = answer.RetryAfter ?? TimeSpan.FromMilliseconds(200) * Math.Pow(2, Math.Min(consecutiveFailures, 10));
            await Task.Delay(answer.RetryAfter is not null || wait < LongestBackoff ? wait : LongestBackoff, time, stoppingToken);
        }
    }

    private async Task BackOffAsync(Waiting single, LineVerdict verdict)
    {
        retries.Record([single], [verdict], retryAfter: null);
        var (attempts, since) = retries.AttemptsOf(single.Queue);
        if (!single.IsAside && attempts >= TriesBeforeAside && (verdict.IsOfIntermediary || cluster.WasReachedSince(since)))
        {
            await spool.StepAsideAsync(single.Number);
            retries.Forget([single.Queue]);
            retries.Record([single with { Queue = single.QueueAside }], [verdict], retryAfter: null);
        }
    }
}
