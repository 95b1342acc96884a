using CapOrleans.Gate;

namespace CapOrleans.Tests.Gate;

public sealed class FairQueueTests
{
    [Fact]
    public async Task Owners_take_turns_however_many_jobs_one_of_them_has()
    {
        var queue = new FairQueue(atOnce: 1, most: 100, mostEach: 50);
        var (first, ran, done) = (new TaskCompletionSource(), new List<string>(), new TaskCompletionSource());
        Assert.True(queue.TryAdd("A", () => first.Task));
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
            }));
        }

        first.SetResult();
        await done.Task;
        Assert.Equal(["A1", "B1", "C1", "end"], ran.Take(4));
    }

    [Fact]
    public async Task One_owner_leaves_room_for_the_others_and_all_together_have_a_bound()
    {
        var queue = new FairQueue(atOnce: 1, most: 3, mostEach: 2);
        var first = new TaskCompletionSource();
        Assert.True(queue.TryAdd("A", () => first.Task));
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => queue.TryAdd("A", () => Task.CompletedTask)));
        Assert.Equal([true, false], Enumerable.Range(0, 2).Select(_ => queue.TryAdd("B", () => Task.CompletedTask)));
        Assert.False(queue.TryAdd("C", () => Task.CompletedTask));
        first.SetResult();
        var late = new TaskCompletionSource();
        await Eventually.TrueAsync(() => queue.TryAdd("C", () =>
        {
            late.TrySetResult();
            return Task.CompletedTask;
        }));
        await late.Task;
    }
}
