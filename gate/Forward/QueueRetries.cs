using System.Collections.Concurrent;
using System.Text.Json;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Incidents;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Forward;

/// <summary>
/// When the queues of one partition that are not fully decided are retried, and how many lines of each.
/// </summary>
/// <remarks>
/// A queue of which nothing was decided is retried with half as many lines, and with twice as many after something was:
/// an incident that the cluster cannot decide holds up those behind it until it is too old, and none before it.
/// While one is sent alone and stays undecided, its backoff doubles each time. A queue is forgotten when nothing waits
/// in it, or when full requests of it are decided again.
/// </remarks>
internal sealed class QueueRetries(TimeProvider time, TimeSpan longestBackoff)
{
    /// <summary>
    /// Queues that are tracked; beyond that, the one due first is treated as if it had never been sent.
    /// </summary>
    private const int Limit = 10_000;

    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan AsidePause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, State> states = new(StringComparer.Ordinal);
    private DateTimeOffset asidesPausedUntil;

    public IEnumerable<QueueRetry> BackingOff => states.Where(queue => queue.Value.Undecided is not null).Select(queue => new QueueRetry(
        queue.Key, queue.Value.Until, queue.Value.Attempts, queue.Value.Undecided!.Status,
        queue.Value.Undecided.Problem is { } problem ? JsonElement.Parse(problem) : null));

    /// <summary>All queues to retry, whether due or not.</summary>
    public IReadOnlyCollection<string> Queues => (IReadOnlyCollection<string>)states.Keys;

    /// <summary>Returns at most <paramref name="most"/> queues that are due, the longest overdue first.</summary>
    public IReadOnlyCollection<string> Due(int most)
    {
        var now = time.GetUtcNow();
        return [.. states.Where(queue => DueAt(queue) <= now).OrderBy(queue => queue.Value.Until).Take(most).Select(queue => queue.Key)];
    }

    /// <summary>When the next queue is due; null when there is none.</summary>
    public DateTimeOffset? NextDue => states.IsEmpty ? null : states.Min(DueAt);

    /// <summary>
    /// Limits incidents that stepped aside to one attempt a second while they fail, however many there are: whatever
    /// refuses them might otherwise block the gate.
    /// </summary>
    public void PauseAsides() => asidesPausedUntil = time.GetUtcNow() + AsidePause;

    /// <summary>Forgets queues in which nothing waits any more.</summary>
    public void Forget(IEnumerable<string> queues)
    {
        foreach (var queue in queues)
        {
            states.TryRemove(queue, out _);
        }
    }

    /// <summary>
    /// Leaves out the later incidents of a queue beyond its width, so that what is sent is still in order.
    /// </summary>
    public IReadOnlyList<Waiting> LimitPerQueue(IReadOnlyList<Waiting> next)
    {
        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        return [.. next.Where(waiting => (taken[waiting.Queue] = taken.GetValueOrDefault(waiting.Queue) + 1) <= WidthOf(waiting.Queue))];
    }

    /// <param name="retryAfter">The wait that the cluster asked for; null for none.</param>
    public void Record(IReadOnlyList<Waiting> batch, IReadOnlyList<LineVerdict> verdicts, TimeSpan? retryAfter)
    {
        foreach (var queue in batch.Zip(verdicts).GroupBy(line => line.First.Queue, line => line.Second, StringComparer.Ordinal))
        {
            var (sent, undecided) = (queue.Count(), queue.Where(verdict => verdict.IsRetryable).ToList());
            var width = undecided.Count == sent ? Math.Max(1, sent / 2) : Math.Min(WidthOf(queue.Key) * 2, BatchLines.MaxLines);
            if (undecided.Count == 0 && width == BatchLines.MaxLines)
            {
                states.TryRemove(queue.Key, out _);
                continue;
            }

            var attempts = sent == 1 && undecided.Count == 1 ? (states.GetValueOrDefault(queue.Key)?.Attempts ?? 0) + 1 : 0;
            var backoff = undecided.Count == 0 ? TimeSpan.Zero : Backoff(attempts, retryAfter ?? FirstBackoff);
            var since = attempts > 1 && states.TryGetValue(queue.Key, out var before) ? before.Since : time.GetTimestamp();
            states[queue.Key] = new State(time.GetUtcNow() + backoff, attempts, width, undecided.LastOrDefault(), since);
            if (states.Count > Limit)
            {
                states.TryRemove(states.MinBy(other => other.Value.Until).Key, out _);
            }
        }
    }

    /// <returns>How often the queue's first incident was sent alone without a decision, and since when.</returns>
    public (int Attempts, long Since) AttemptsOf(string queue) => states.GetValueOrDefault(queue) is { } state ? (state.Attempts,
        state.Since) : (0, 0);

    /// <summary>
    /// Restores the queue of an incident that stepped aside before the gate restarted: it is sent alone from the start.
    /// </summary>
    public void Restore(string queue) => states[queue] = new State(time.GetUtcNow() + longestBackoff, 1, 1, null, time.GetTimestamp());

    /// <summary>After an outage, makes due the queues that waited for nothing else.</summary>
    public void MakeDueAfterOutage()
    {
        foreach (var (queue, state) in states.Where(queue => queue.Value.Undecided is { IsUnanswered: true } && !Waiting.IsNameAside(
            queue.Key)))
        {
            states.TryUpdate(queue, state with { Until = time.GetUtcNow() }, state);
        }
    }

    private DateTimeOffset DueAt(KeyValuePair<string, State> queue) =>
        Waiting.IsNameAside(queue.Key) && queue.Value.Until < asidesPausedUntil ? asidesPausedUntil : queue.Value.Until;

    private int WidthOf(string queue) => states.GetValueOrDefault(queue)?.Width ?? BatchLines.MaxLines;

    private TimeSpan Backoff(int attempts, TimeSpan first)
    {
        var backoff = first * Math.Pow(2, Math.Clamp(attempts - 1, 0, 10));
        return backoff < longestBackoff ? backoff : first < longestBackoff ? longestBackoff : first;
    }

    /// <param name="Width">Most lines of the queue in the next request.</param>
    /// <param name="Undecided">The last verdict that decided nothing; null when the last request had none.</param>
    /// <param name="Since">When the first of these attempts ended, as a timestamp.</param>
    private sealed record State(DateTimeOffset Until, int Attempts, int Width, LineVerdict? Undecided, long Since);
}
