using System.Collections.Concurrent;
using System.Text.Json;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Incidents;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Forward;

/// <summary>When the queues of one partition are sent again of which the cluster did not decide everything, and how much of each.</summary>
/// <remarks>
/// A queue of which nothing was decided comes with half as many next time, and with twice as many after something was: an incident that
/// the cluster cannot decide about holds up those behind it until it is too old, and none before it. Sent by itself and not decided, it
/// waits twice as long each time. What is known of a queue goes when nothing of it waits, or whole requests of it are decided again.
/// </remarks>
internal sealed class QueueRetries(TimeProvider time, TimeSpan longestBackoff)
{
    /// <summary>Queues that are kept apart; then the one that is due first is as one that was never sent.</summary>
    private const int Limit = 10_000;

    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan AsidePause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, State> states = new(StringComparer.Ordinal);
    private DateTimeOffset asidesUntil;

    public IEnumerable<QueueRetry> Resting => states.Where(queue => queue.Value.Undecided is not null).Select(queue => new QueueRetry(
        queue.Key, queue.Value.Until, queue.Value.Attempts, queue.Value.Undecided!.Status,
        queue.Value.Undecided.Problem is { } problem ? JsonElement.Parse(problem) : null));

    /// <summary>All that are sent again, now or later.</summary>
    public IReadOnlyCollection<string> Queues => (IReadOnlyCollection<string>)states.Keys;

    /// <summary>Those that may be sent now, so many, whose turn came first.</summary>
    public IReadOnlyCollection<string> Due(int most)
    {
        var now = time.GetUtcNow();
        return [.. states.Where(queue => DueAt(queue) <= now).OrderBy(queue => queue.Value.Until).Take(most).Select(queue => queue.Key)];
    }

    /// <summary>When the next one may be; null when there is none.</summary>
    public DateTimeOffset? NextDue => states.IsEmpty ? null : states.Min(DueAt);

    /// <summary>
    /// Of what stepped aside, one a second is tried while that fails, however many there are: whatever refuses them may take offence.
    /// </summary>
    public void PauseAsides() => asidesUntil = time.GetUtcNow() + AsidePause;

    /// <summary>Nothing of these queues waits any more.</summary>
    public void Forget(IEnumerable<string> queues)
    {
        foreach (var queue in queues)
        {
            states.TryRemove(queue, out _);
        }
    }

    /// <summary>Leaves out the later ones of a queue, so that what is sent is still in order.</summary>
    public IReadOnlyList<Waiting> Narrow(IReadOnlyList<Waiting> next)
    {
        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        return [.. next.Where(waiting => (taken[waiting.Queue] = taken.GetValueOrDefault(waiting.Queue) + 1) <= WidthOf(waiting.Queue))];
    }

    /// <param name="retryAfter">As the cluster asks; null when it did not.</param>
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

    /// <returns>How often its first incident was sent by itself, and not decided, and since when.</returns>
    public (int Attempts, long Since) AttemptsOf(string queue) => states.GetValueOrDefault(queue) is { } state ? (state.Attempts,
        state.Since) : (0, 0);

    /// <summary>One that stepped aside in a former life: by itself from the beginning.</summary>
    public void Restore(string queue) => states[queue] = new State(time.GetUtcNow() + longestBackoff, 1, 1, null, time.GetTimestamp());

    /// <summary>After an outage, what only that kept waiting waits no longer.</summary>
    public void Wake()
    {
        foreach (var (queue, state) in states.Where(queue => queue.Value.Undecided is { IsUnanswered: true } && !Waiting.IsNameAside(
            queue.Key)))
        {
            states.TryUpdate(queue, state with { Until = time.GetUtcNow() }, state);
        }
    }

    private DateTimeOffset DueAt(KeyValuePair<string, State> queue) =>
        Waiting.IsNameAside(queue.Key) && queue.Value.Until < asidesUntil ? asidesUntil : queue.Value.Until;

    private int WidthOf(string queue) => states.GetValueOrDefault(queue)?.Width ?? BatchLines.MaxLines;

    private TimeSpan Backoff(int attempts, TimeSpan first)
    {
        var backoff = first * Math.Pow(2, Math.Clamp(attempts - 1, 0, 10));
        return backoff < longestBackoff ? backoff : first < longestBackoff ? longestBackoff : first;
    }

    /// <param name="Width">How many of its lines the next request has at most.</param>
    /// <param name="Undecided">Of the last one that the cluster did not decide about; null when the last request had none.</param>
    /// <param name="Since">When the first of its attempts ended.</param>
    private sealed record State(DateTimeOffset Until, int Attempts, int Width, LineVerdict? Undecided, long Since);
}
