namespace CapOrleans.Core;

/// <summary>
/// Runs a limited number of jobs concurrently; the others wait, and their owners take turns. An owner with many jobs
/// therefore delays each job of another by at most one of its own. When the queue is full, the owner with the most
/// waiting jobs gives up its last one for an owner that has at least two fewer. In memory.
/// </summary>
/// <param name="maxConcurrent">Maximum number of concurrent jobs.</param>
/// <param name="maxWaiting">Maximum number of waiting jobs of all owners.</param>
/// <param name="maxWaitingPerOwner">Maximum number of waiting jobs of one owner.</param>
public sealed class FairScheduler(int maxConcurrent, int maxWaiting, int maxWaitingPerOwner)
{
    private readonly Lock sync = new();
    private readonly Dictionary<string, LinkedList<Job>> waiting = new(StringComparer.Ordinal);
    private readonly Queue<string> turns = new(); // every owner with a waiting job, once
    private int running, count;

    /// <param name="run">Handles its own exceptions.</param>
    /// <param name="onEvicted">Called instead of <paramref name="run"/> when the job is
    /// evicted for another owner's.</param>
    /// <returns>False when the queue is full; then neither is called.</returns>
    public bool TryAdd(string owner, Func<Task> run, Action onEvicted)
    {
        Job? evicted = null;
        run = InOwnContext(run);
        lock (sync)
        {
            if (running < maxConcurrent)
            {
                running++;
                _ = Task.Run(() => RunAsync(run));
                return true;
            }

            var own = waiting.GetValueOrDefault(owner)?.Count ?? 0;
            if (own == maxWaitingPerOwner || (count == maxWaiting && (evicted = LastOfLarger(own)) is null))
            {
                return false;
            }

            if (own == 0)
            {
                waiting[owner] = [];
                turns.Enqueue(owner);
            }

            waiting[owner].AddLast(new Job(run, onEvicted));
            count++;
        }

        evicted?.GiveUp();
        return true;
    }

    /// <summary>
    /// Runs the job in the caller's execution context, not in that of the job that ends before
    /// it: their traces are unrelated.
    /// </summary>
    private static Func<Task> InOwnContext(Func<Task> run)
    {
        if (ExecutionContext.Capture() is not { } context)
        {
            return run;
        }

        return () =>
        {
            var running = Task.CompletedTask;
            ExecutionContext.Run(context, _ => running = run(), null);
            return running;
        };
    }

    /// <summary>
    /// Removes the last job of the owner with the most, if that owner has at least two
    /// more than <paramref name="own"/>.
    /// </summary>
    private Job? LastOfLarger(int own)
    {
        var (_, jobs) = waiting.MaxBy(owner => owner.Value.Count);
        if (jobs is null || jobs.Count < own + 2)
        {
            return null;
        }

        var last = jobs.Last!.Value;
        jobs.RemoveLast();
        count--;
        return last;
    }

    private async Task RunAsync(Func<Task> job)
    {
        try
        {
            await job();
        }
        finally
        {
            // Also after an unexpected exception: it must not leak a slot.
            if (Next() is { } next)
            {
                _ = Task.Run(() => RunAsync(next));
            }
        }
    }

    private Func<Task>? Next()
    {
        lock (sync)
        {
            if (!turns.TryDequeue(out var owner))
            {
                running--;
                return null;
            }

            var jobs = waiting[owner];
            var job = jobs.First!.Value;
            jobs.RemoveFirst();
            count--;
            if (jobs.Count > 0)
            {
                turns.Enqueue(owner);
            }
            else
            {
                waiting.Remove(owner);
            }

            return job.Run;
        }
    }

    private sealed record Job(Func<Task> Run, Action GiveUp);
}
