namespace CapOrleans.Core;

/// <summary>
/// Runs so many jobs at once; the others wait, and those who own them take turns. So whoever has many delays none of another's by more than
/// one of his own, and when no more may wait, whoever has the most gives up the last one for a newcomer who has fewer. In memory.
/// </summary>
/// <param name="atOnce">Jobs that run at once.</param>
/// <param name="most">Jobs that wait, all together.</param>
/// <param name="mostEach">Jobs of one owner that wait.</param>
public sealed class FairTurns(int atOnce, int most, int mostEach)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedList<Job>> waiting = new(StringComparer.Ordinal);
    private readonly Queue<string> turns = new(); // every owner with a job that waits, once
    private int running, count;

    /// <param name="run">Catches its own faults.</param>
    /// <param name="giveUp">Called instead of <paramref name="run"/> when another's job took its place.</param>
    /// <returns>False when there is no room; then neither is called.</returns>
    public bool TryAdd(string owner, Func<Task> run, Action giveUp)
    {
        Job? evicted = null;
        run = InOwnContext(run);
        lock (gate)
        {
            if (running < atOnce)
            {
                running++;
                _ = Task.Run(() => RunAsync(run));
                return true;
            }

            var own = waiting.GetValueOrDefault(owner)?.Count ?? 0;
            if (own == mostEach || (count == most && (evicted = LastOfLarger(own)) is null))
            {
                return false;
            }

            if (own == 0)
            {
                waiting[owner] = [];
                turns.Enqueue(owner);
            }

            waiting[owner].AddLast(new Job(run, giveUp));
            count++;
        }

        evicted?.GiveUp();
        return true;
    }

    /// <summary>Not in that of whoever's job ends before: its trace, for one, is another's.</summary>
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

    /// <summary>Takes away the last job of who has the most, if that is at least two more than <paramref name="own"/>.</summary>
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
            // Also after a fault that nobody foresaw: it takes no place with it.
            if (Next() is { } next)
            {
                _ = Task.Run(() => RunAsync(next));
            }
        }
    }

    private Func<Task>? Next()
    {
        lock (gate)
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
