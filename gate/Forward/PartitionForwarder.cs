using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate.Answers;
using CapOrleans.Gate.Spool;
using Polly;
using Polly.Retry;

namespace CapOrleans.Gate.Forward;

/// <summary>
/// Sends one partition's incidents to the cluster, one request at a time, in the order of the spool. Decided incidents
/// leave the spool; a queue with one that must be retried backs off, and the others go on.
/// </summary>
/// <remarks>
/// First attempts and retries alternate, each in requests of their own: however much the cluster cannot decide, or
/// decides late, a new incident waits for one such request at most.
/// </remarks>
internal sealed partial class PartitionForwarder
{
    /// <summary>Whatever its size, one more incident still fits.</summary>
    private const int MaxBytes = BatchLines.MaxBytes - IncidentReader.MaxRequestBytes;

    private const int TriesBeforeAside = 3;

    /// <summary>The verdict on an incident that neither the cluster nor an intermediary said anything about.</summary>
    private static readonly LineVerdict Unanswered = new(StatusCodes.Status503ServiceUnavailable, null) { IsUnanswered = true };

    private static readonly TimeSpan MaxIdleWait = TimeSpan.FromSeconds(30);

    /// <summary>Longer for wallets: one that does not answer takes up a whole request each time it is asked.</summary>
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(15), LongestWalletBackoff = TimeSpan.FromMinutes(1);

    private readonly int partition;
    private readonly IncidentSpool spool;
    private readonly ClusterLink cluster;
    private readonly ProvenQueues proven;
    private readonly TimeProvider time;
    private readonly QueueRetries retries;
    private readonly ResiliencePipeline<BatchAnswer> untilAnswered;
    /// <summary>
    /// Most lines of a request. For wallets, as many as the cluster lets wait for one caller: any more would only come
    /// back for a retry.
    /// </summary>
    private readonly int maxBatchSize;
    /// <summary>Most lines of the next request: of first attempts, and of retries.</summary>
    private readonly int[] batchSizes;
    private bool isRetry;
    /// <summary>Consecutive requests without verdicts while nothing else got through.</summary>
    private int consecutiveFailures;
    /// <summary>When the last batch was first sent.</summary>
    private long batchStartedAt;

    public PartitionForwarder(int partition, IncidentSpool spool, ClusterLink cluster, ProvenQueues proven, TimeProvider time)
    {
        (this.partition, this.spool, this.cluster, this.proven, this.time) = (partition, spool, cluster, proven, time);
        maxBatchSize = IsOfWallets ? WalletClaim.MaxWaitingPerCaller : BatchLines.MaxLines;
        batchSizes = [maxBatchSize, maxBatchSize];
        retries = new QueueRetries(time, IsOfWallets ? LongestWalletBackoff : LongestBackoff);
        untilAnswered = new ResiliencePipelineBuilder<BatchAnswer> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<BatchAnswer>
            {
                ShouldHandle = new PredicateBuilder<BatchAnswer>().HandleResult(answer => answer.IsRetryable),
                MaxRetryAttempts = 2,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(200),
                MaxDelay = TimeSpan.FromSeconds(15),
                UseJitter = true,
                DelayGenerator = attempt => ValueTask.FromResult(attempt.Outcome.Result?.RetryAfter),
            })
            .Build();
    }

    private bool IsOfWallets => partition is Partitions.Claims or Partitions.Proven;

    public IEnumerable<QueueRetry> BackingOff => retries.BackingOff;

    public async Task RunAsync(CancellationToken stoppingToken)
    {
        foreach (var queue in spool.QueuesAside(partition))
        {
            retries.Restore(queue);
        }

        while (true)
        {
            var batch = await NextAsync(stoppingToken);
            batchStartedAt = time.GetTimestamp();
            var answer = await untilAnswered.ExecuteAsync(async token => await cluster.SendAsync(batch, partition == Partitions.Proven, token), stoppingToken);
            if (answer.Verdicts is { } verdicts)
            {
                if (consecutiveFailures > 0)
                {
                    retries.MakeDueAfterOutage();
                }

                consecutiveFailures = 0;
                await spool.SettleAsync(SettlementsOf(batch, verdicts, answer.RetryAfter));
            }
            else
            {
                await HalveAsync(batch, answer, stoppingToken);
            }
        }
    }

    /// <summary>Waits until there is something to send.</summary>
    private async Task<IReadOnlyList<Waiting>> NextAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var now = time.GetUtcNow();
            var next = Next();
            var late = next.Where(waiting => waiting.ReceivedAt < now - spool.Limits.MaxAge).ToList();
            if (late.Count > 0)
            {
                await spool.SettleAsync(late.ConvertAll(waiting => new Settlement(waiting.Number, StatusCodes.Status504GatewayTimeout, GateProblems.TooOld(spool.Limits.MaxAge))));
            }
            else if (next.Count > 0)
            {
                return retries.LimitPerQueue(next);
            }
            else
            {
                var rest = retries.NextDue - now;
                await spool.WaitForArrivalAsync(partition, rest < TimeSpan.Zero ? TimeSpan.Zero : rest < MaxIdleWait ? rest.Value : MaxIdleWait, stoppingToken);
            }
        }
    }

    private IReadOnlyList<Waiting> Next()
    {
        for (var kinds = 0; kinds < 2; kinds++)
        {
            isRetry = !isRetry;
            if ((isRetry ? Due() : spool.Next(partition, retries.Queues, batchSizes[0], MaxBytes)) is { Count: > 0 } next)
            {
                return next;
            }
        }

        return [];
    }

    private IReadOnlyList<Waiting> Due()
    {
        if (retries.Due(batchSizes[1]) is not { Count: > 0 } due)
        {
            return [];
        }

        if (due.FirstOrDefault(Waiting.IsNameAside) is { } aside)
        {
            due = [aside]; // alone, or the others would be refused with it
        }

        var next = spool.Next(partition, due, batchSizes[1], MaxBytes, isOnly: true);
        if (next.Count < batchSizes[1] && next.Sum(waiting => waiting.Line.Length + 1) < MaxBytes)
        {
            retries.Forget(due.Except(next.Select(waiting => waiting.Queue), StringComparer.Ordinal)); // nothing waits in them any more
        }

        return next;
    }

    private List<Settlement> SettlementsOf(IReadOnlyList<Waiting> batch, IReadOnlyList<LineVerdict> verdicts, TimeSpan? retryAfter)
    {
        batchSizes[isRetry ? 1 : 0] = maxBatchSize;
        retries.Record(batch, verdicts, retryAfter);
        foreach (var (sent, verdict) in batch.Zip(verdicts))
        {
            if (IsOfWallets && verdict.Status == StatusCodes.Status201Created)
            {
                proven.Add(sent.Queue); // not for a duplicate (200): anyone who captured the claim can send that
            }
        }

        return [.. batch.Zip(verdicts).Where(line => !line.Second.IsRetryable)
            .Select(line => new Settlement(line.First.Number, line.Second.Status, line.Second.Problem))];
    }
}
