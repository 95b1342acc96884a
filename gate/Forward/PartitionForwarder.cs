using System.Collections.Concurrent;
using System.Text.Json;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate.Spool;
using Polly;
using Polly.Retry;

namespace CapOrleans.Gate.Forward;

/// <summary>What the cluster did not decide about, and will be asked again.</summary>
/// <param name="Queue">The CapID; with a wallet and an address behind it, what that address sent and that wallet has yet to say yes to.</param>
/// <param name="Problem">The cluster's.</param>
internal sealed record RestingQueue(string Queue, DateTimeOffset Until, int Status, JsonElement? Problem);

/// <summary>
/// Sends one partition's incidents to the cluster, one request at a time, in the order of the spool. What was decided leaves the spool; a queue
/// of which one must be sent again rests, and the others go on.
/// </summary>
/// <remarks>
/// A queue of which nothing was decided comes with half as many next time, and with twice as many after something was: an incident that
/// the cluster cannot decide about holds up those behind it until it is too old, and none before it.
/// </remarks>
internal sealed class PartitionForwarder
{
    /// <summary>Whatever incident comes next still fits.</summary>
    private const int MaxBytes = BatchLines.MaxBytes - IncidentReader.MaxRequestBytes;

    /// <summary>More queues than this do not rest by themselves: then the partition does.</summary>
    private const int MaxResting = 200;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1), Look = TimeSpan.FromSeconds(30);

    private readonly int partition;
    private readonly IncidentSpool spool;
    private readonly ClusterLink cluster;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, RestingQueue> resting = new(StringComparer.Ordinal);
    private readonly ResiliencePipeline<BatchAnswer> retries;
    /// <summary>How many lines of a queue the next request has at most, where that is less than a whole request.</summary>
    private readonly Dictionary<string, int> narrowed = new(StringComparer.Ordinal);
    /// <summary>Of a wallets' partition, as many as the cluster asks at once for one caller: more are only told to come again.</summary>
    private readonly int widest;
    private int most;

    public PartitionForwarder(int partition, IncidentSpool spool, ClusterLink cluster, TimeProvider time)
    {
        (this.partition, this.spool, this.cluster, this.time) = (partition, spool, cluster, time);
        most = widest = partition == Partitions.Claims ? WalletClaim.WaitingPerCaller : BatchLines.MaxLines;
        retries = new ResiliencePipelineBuilder<BatchAnswer> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<BatchAnswer>
            {
                ShouldHandle = new PredicateBuilder<BatchAnswer>().HandleResult(answer => answer.IsRetryable),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(200),
                MaxDelay = TimeSpan.FromSeconds(15),
                UseJitter = true,
                DelayGenerator = attempt => ValueTask.FromResult(attempt.Outcome.Result?.RetryAfter),
            })
            .Build();
    }

    public IEnumerable<RestingQueue> Resting => resting.Values;

    public async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var batch = await NextAsync(stoppingToken);
            var answer = await retries.ExecuteAsync(async token => await cluster.SendAsync(batch, token), stoppingToken);
            await spool.SettleAsync(answer.Verdicts is { } verdicts ? Decided(batch, verdicts, answer.RetryAfter) : Refused(batch, answer.Refusal!));
        }
    }

    /// <summary>Waits until there is something to send.</summary>
    private async Task<IReadOnlyList<Waiting>> NextAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var now = time.GetUtcNow();
            foreach (var (queue, _) in resting.Where(rest => rest.Value.Until <= now))
            {
                resting.TryRemove(queue, out _);
            }

            var next = resting.Count > MaxResting ? [] : spool.Next(partition, (IReadOnlyCollection<string>)resting.Keys, most, MaxBytes);
            var late = next.Where(waiting => waiting.ReceivedAt < now - spool.Limits.MaxAge).ToList();
            if (late.Count > 0)
            {
                await spool.SettleAsync(late.ConvertAll(waiting => new Settlement(waiting.Number, StatusCodes.Status504GatewayTimeout, GateProblems.TooOld(spool.Limits.MaxAge))));
            }
            else if (next.Count > 0)
            {
                return Narrow(next);
            }
            else
            {
                var rest = resting.IsEmpty ? Look : resting.Values.Min(queue => queue.Until) - now;
                await spool.ArrivedAsync(partition, rest < Look ? rest : Look, stoppingToken);
            }
        }
    }

    /// <summary>Leaves out the later ones of a queue, so that what is sent is still in order.</summary>
    private IReadOnlyList<Waiting> Narrow(IReadOnlyList<Waiting> next)
    {
        if (narrowed.Count == 0)
        {
            return next;
        }

        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        var narrow = next.Where(waiting => (taken[waiting.Queue] = taken.GetValueOrDefault(waiting.Queue) + 1)
            <= narrowed.GetValueOrDefault(waiting.Queue, BatchLines.MaxLines)).ToList();
        foreach (var queue in narrowed.Keys.Where(queue => !taken.ContainsKey(queue) && !resting.ContainsKey(queue)).ToList())
        {
            narrowed.Remove(queue); // nothing of it waits, or its turn is far off
        }

        return narrow;
    }

    /// <summary>By what the cluster decided: half as many of a queue of which it was nothing, twice as many of one that goes on.</summary>
    private void Resize(IReadOnlyList<Waiting> batch, IReadOnlyList<LineVerdict> verdicts)
    {
        foreach (var queue in batch.Zip(verdicts).GroupBy(line => line.First.Queue, line => line.Second.IsRetryable, StringComparer.Ordinal))
        {
            var sent = queue.Count();
            if (sent > 1 && queue.All(isAgain => isAgain))
            {
                narrowed[queue.Key] = sent / 2;
            }
            else if (queue.Contains(false) && narrowed.Remove(queue.Key, out var before) && before * 2 < BatchLines.MaxLines)
            {
                narrowed[queue.Key] = before * 2;
            }
        }
    }

    private List<Settlement> Decided(IReadOnlyList<Waiting> batch, IReadOnlyList<LineVerdict> verdicts, TimeSpan? retryAfter)
    {
        most = widest;
        Resize(batch, verdicts);
        var until = time.GetUtcNow() + (retryAfter ?? RetryDelay);
        var settled = new List<Settlement>(batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            if (verdicts[i].IsRetryable)
            {
                resting[batch[i].Queue] = new RestingQueue(batch[i].Queue, until, verdicts[i].Status, verdicts[i].Problem is { } problem ? JsonElement.Parse(problem) : null);
            }
            else
            {
                settled.Add(new Settlement(batch[i].Number, verdicts[i].Status, verdicts[i].Problem));
            }
        }

        return settled;
    }

    /// <summary>A request that is refused whole is sent in halves, until one incident is left that is refused by itself.</summary>
    private List<Settlement> Refused(IReadOnlyList<Waiting> batch, LineVerdict refusal)
    {
        most = Math.Max(1, batch.Count / 2);
        return batch.Count > 1 ? [] : [new Settlement(batch[0].Number, refusal.Status, refusal.Problem)];
    }
}
