namespace CapOrleans.Gate;

/// <summary>
/// Runs so many jobs at once; the others wait, and those who own them take turns. So whoever has many delays none of another's by more than
/// one of his own. In memory.
/// </summary>
/// <param name="atOnce">Jobs that run at once.</param>
/// <param name="most">Jobs that wait, all together.</param>
/// <param name="mostEach">Jobs of one owner that wait.</param>
internal sealed class FairQueue(int atOnce, int most, int mostEach)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Queue<Func<Task>>> waiting = new(StringComparer.Ordinal);
    private readonly Queue<string> turns = new(); // every owner with a job that waits, once
    private int running, count;

    /// <param name="job">Catches its own faults.</param>
    /// <returns>False when there is no room; then it is not run.</returns>
    public bool TryAdd(string owner, Func<Task> job)
    {
        lock (gate)
        {
            if (running < atOnce)
            {
                running++;
                _ = Task.Run(() => RunAsync(job));
                return true;
            }

            var isFirst = !waiting.TryGetValue(owner, out var own);
            own ??= waiting[owner] = new Queue<Func<Task>>();
            if (count == most || own.Count == mostEach)
            {
                if (isFirst)
                {
                    waiting.Remove(owner);
                }

                return false;
            }

            own.Enqueue(job);
            count++;
            if (isFirst)
            {
                turns.Enqueue(owner);
            }

            return true;
        }
    }

    private async Task RunAsync(Func<Task> job)
    {
        for (var next = job; next is not null; next = Next())
        {
            await next();
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

            var job = waiting[owner].Dequeue();
            count--;
            if (waiting[owner].Count > 0)
            {
                turns.Enqueue(owner);
            }
            else
            {
                waiting.Remove(owner);
            }

            return job;
        }
    }
}
