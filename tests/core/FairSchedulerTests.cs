using System.Collections.Concurrent;
using CapOrleans.Core;

namespace CapOrleans.Tests.Core;

public sealed class FairSchedulerTests
{
    [Fact]
    public async Task Each_job_runs_in_the_context_that_it_was_added_in()
    {
        var (queue, of, seen) = (new FairScheduler(maxConcurrent: 1, maxWaiting: 100, maxWaitingPerOwner: 50), new AsyncLocal<string>(),
            new System.Collections.Concurrent.ConcurrentQueue<string?>());
        var (gate, done) = (new TaskCompletionSource(), new TaskCompletionSource());
        of.Value = "first";
        queue.TryAdd("A", () => gate.Task, () => { });
        foreach (var name in (string[])["second", "third"])
        {
            of.Value = name;
            queue.TryAdd("A", () =>
            {
                seen.Enqueue(of.Value);
                (seen.Count == 2 ? done : new TaskCompletionSource()).TrySetResult();
                return Task.CompletedTask;
            }, () => { });
        }

        gate.SetResult();
        await done.Task;
        Assert.Equal(["second", "third"], seen);
    }

    [Fact]
    public async Task Owners_take_turns_however_many_jobs_one_of_them_has()
    {
        var queue = new FairScheduler(maxConcurrent: 1, maxWaiting: 100, maxWaitingPerOwner: 50);
        var (first, ran, done) = (new TaskCompletionSource(), new List<string>(), new TaskCompletionSource());
        Assert.True(queue.TryAdd("A", () => first.Task, Never));
        foreach (var job in (string[])["A1", "A2", "A3", "B1", "C1", "B2", "end"])
        {
            Assert.True(queue.TryAdd(job[..1], () =>
            {
                ran.Add(job);
                if (job == "end")
                {
                    done.SetResult();
                }

                return Task.CompletedTask;
            }, Never));
        }

        first.SetResult();
        await done.Task;
        Assert.Equal(["A1", "B1", "C1", "end"], ran.Take(4));
    }

    [Fact]
    public async Task A_job_that_fails_unexpectedly_does_not_keep_its_slot()
    {
        var queue = new FairScheduler(maxConcurrent: 1, maxWaiting: 100, maxWaitingPerOwner: 50);
        var (first, ran) = (new TaskCompletionSource(), new TaskCompletionSource());
        Assert.True(queue.TryAdd("A", () => first.Task, Never));
        Assert.True(queue.TryAdd("A", () => throw new InvalidOperationException("Not foreseen."), Never));
        Assert.True(queue.TryAdd("B", () =>
        {
            ran.SetResult();
            return Task.CompletedTask;
        }, Never));
        first.SetException(new InvalidOperationException("Not foreseen."));
        await ran.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task One_owner_leaves_slots_for_the_others_and_the_largest_gives_way_when_none_is_free()
    {
        var queue = new FairScheduler(maxConcurrent: 1, maxWaiting: 4, maxWaitingPerOwner: 3);
        var (first, ran, gaveUp) = (new TaskCompletionSource(), new ConcurrentQueue<string>(), new List<string>());
        Assert.True(Add("A0", first.Task));
        Assert.Equal([true, true, true, false], Enumerable.Range(1, 4).Select(i => Add($"A{i}")));
        Assert.Equal([true, true, false], Enumerable.Range(1, 3).Select(i => Add($"B{i}"))); // a third would leave B with more jobs than A
        Assert.Equal(["A3"], gaveUp);
        Assert.True(Add("C1"));
        Assert.Equal(2, gaveUp.Count);
        Assert.False(Add("C2")); // no other owner has at least two more
        first.SetResult();
        await Eventually.TrueAsync(() => ran.Count == 5);
        Assert.Equal(["A0", "A1", "A2", "B1", "B2", "C1"], ran.Concat(gaveUp).Where(job => job != "A3").Order());
        await Eventually.TrueAsync(() => Add("C3"));
        await Eventually.TrueAsync(() => ran.Contains("C3"));

        bool Add(string job, Task? until = null) => queue.TryAdd(job[..1], async () =>
        {
            await (until ?? Task.CompletedTask);
            ran.Enqueue(job);
        }, () => gaveUp.Add(job));
    }

    private static void Never() => Assert.Fail("Nobody needs the place.");
}
