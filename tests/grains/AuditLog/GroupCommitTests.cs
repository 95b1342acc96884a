using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.AuditLog;

namespace CapOrleans.Tests.Grains.AuditLog;

public sealed class GroupCommitTests
{
    private static readonly Append Something = new() { Entries = [] };

    [Fact]
    public async Task What_arrives_during_a_commit_is_part_of_the_next_one()
    {
        var store = new HeldStore();
        var commit = new GroupCommit(store, 0, store.Head, _ => { }, _ => { });
        var first = commit.AppendAsync(Something);
        await store.Started.WaitAsync();
        var waiting = Enumerable.Range(0, 50).Select(_ => commit.AppendAsync(Something)).ToList();
        Assert.All(waiting, task => Assert.False(task.IsCompleted));
        store.Release.Release(2);
        await first;
        await Task.WhenAll(waiting);
        Assert.Equal([1, 50], store.Batches);
        await commit.FinishAsync();
    }

    [Fact]
    public async Task A_full_queue_refuses_and_keeps_nothing()
    {
        var store = new HeldStore();
        var commit = new GroupCommit(store, 0, store.Head, _ => { }, _ => { });
        var first = commit.AppendAsync(Something);
        await store.Started.WaitAsync();
        var queued = Enumerable.Range(0, ClusterLimits.LogQueue).Select(_ => commit.AppendAsync(Something)).ToList();
        Assert.Equal(AppendVerdict.Busy, (await commit.AppendAsync(Something)).Verdict);
        store.Release.Release(int.MaxValue / 2);
        await first;
        Assert.All(await Task.WhenAll(queued), outcome => Assert.Equal(AppendVerdict.Appended, outcome.Verdict));
        await commit.FinishAsync();
        Assert.Equal(ClusterLimits.LogQueue + 1, store.Batches.Sum());
        Assert.All(store.Batches, size => Assert.InRange(size, 1, GroupCommit.BatchLimit));
    }

    [Fact]
    public async Task A_commit_that_fails_fails_everyone_who_waits_and_stops()
    {
        var store = new HeldStore { Fault = new LogFencedException("moved") };
        var ended = new TaskCompletionSource<Exception>();
        var commit = new GroupCommit(store, 0, store.Head, _ => { }, ended.SetResult);
        var first = commit.AppendAsync(Something);
        await store.Started.WaitAsync();
        var second = commit.AppendAsync(Something);
        store.Release.Release();
        await Assert.ThrowsAsync<LogFencedException>(() => first);
        await Assert.ThrowsAsync<LogFencedException>(() => second);
        Assert.IsType<LogFencedException>(await ended.Task);
        Assert.Equal(AppendVerdict.Busy, (await commit.AppendAsync(Something)).Verdict);
    }

    /// <summary>A store that commits when the test allows it: a real one cannot be stopped half-way.</summary>
    private sealed class HeldStore : IAuditLogWriter
    {
        public LogHead Head { get; private set; } = new("test", 0, []);

        public SemaphoreSlim Started { get; } = new(0);

        public SemaphoreSlim Release { get; } = new(0);

        public List<int> Batches { get; } = [];

        public Exception? Fault { get; init; }

        public Task<LogHead> OpenAsync(int log, CancellationToken cancellationToken) => Task.FromResult(Head);

        public async Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> CommitAsync(
            int log, LogHead expected, IReadOnlyList<Append> batch, CancellationToken cancellationToken)
        {
            Started.Release();
            await Release.WaitAsync(cancellationToken);
            if (Fault is not null)
            {
                throw Fault;
            }

            Batches.Add(batch.Count);
            Head = Head with { Size = Head.Size + batch.Count };
            return (Head, [.. batch.Select((_, i) => new AppendOutcome(AppendVerdict.Appended, i))]);
        }
    }
}
