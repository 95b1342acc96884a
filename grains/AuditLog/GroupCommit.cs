using System.Diagnostics;
using System.Threading.Channels;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Telemetry;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Telemetry;

namespace CapOrleans.Grains.AuditLog;

/// <summary>
/// Commits all waiting appends, without delay, in one transaction; what arrives meanwhile waits for the next.
/// Throughput grows with load while latency stays near one commit. There is no linger: waiting for more appends was
/// measured to halve throughput.
/// </summary>
/// <remarks>
/// After any failed commit it is unknown what is on disk, so the committer fails all waiting appends and ends; its
/// owner opens the log again. Callers may safely retry: acceptance is exactly-once by the log's unique key.
/// </remarks>
internal sealed class GroupCommit
{
    /// <summary>Maximum appends per transaction.</summary>
    public const int BatchLimit = 1024;

    private readonly Channel<Pending> queue = Channel.CreateBounded<Pending>(
        new BoundedChannelOptions(ClusterLimits.LogQueue) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly IAuditLogWriter store;
    private readonly int log;
    private readonly Action<IReadOnlyList<Append>> committed;
    private readonly Action<Exception> failed;
    private LogHead head;

    /// <param name="head">The head that the store returned when the log was opened.</param>
    /// <param name="committed">
    /// Called when the log has grown, on a thread-pool thread, with the appends of the commit; some may have been refused.
    /// </param>
    /// <param name="failed">Called once, when this committer ends on a fault.</param>
    public GroupCommit(IAuditLogWriter store, int log, LogHead head, Action<IReadOnlyList<Append>> committed, Action<Exception> failed)
    {
        (this.store, this.log, this.head, this.committed, this.failed) = (store, log, head, committed, failed);
        using (ExecutionContext.SuppressFlow()) // it serves all callers, so it must not join the trace of one
        {
            Completion = Task.Run(RunAsync);
        }
    }

    public Task Completion { get; }

    public LogHead Head => Volatile.Read(ref head);

    /// <exception cref="ArgumentException">The append breaks a rule of <see cref="AppendRules"/>; nothing of it is
    /// kept.</exception>
    public Task<AppendOutcome> AppendAsync(Append append)
    {
        if (AppendRules.Fault(append, Head.Origin) is { } fault)
        {
            return Task.FromException<AppendOutcome>(new ArgumentException(fault));
        }

        var pending = new Pending(append);
        return queue.Writer.TryWrite(pending)
            ? Activity.Current is { Recorded: true } ? TracedAsync(pending) : pending.Outcome.Task
            : Task.FromResult(new AppendOutcome(AppendVerdict.Busy));
    }

    private static async Task<AppendOutcome> TracedAsync(Pending pending)
    {
        using var span = CapTelemetry.Source.StartActivity("log.commit");
        return await pending.Outcome.Task;
    }

    /// <summary>Accepts no further appends, and commits those that wait.</summary>
    public Task FinishAsync()
    {
        queue.Writer.TryComplete();
        return Completion;
    }

    private async Task RunAsync()
    {
        var batch = new List<Pending>(BatchLimit);
        try
        {
            while (await queue.Reader.WaitToReadAsync())
            {
                batch.Clear();
                while (batch.Count < BatchLimit && queue.Reader.TryRead(out var pending))
                {
                    batch.Add(pending);
                }

                await CommitAsync(batch);
            }
        }
        catch (Exception fault)
        {
            queue.Writer.TryComplete();
            while (queue.Reader.TryRead(out var waiting))
            {
                batch.Add(waiting);
            }

            batch.ForEach(pending => pending.Outcome.TrySetException(fault));
            failed(fault);
        }
    }

    private async Task CommitAsync(List<Pending> batch)
    {
        var began = Stopwatch.GetTimestamp();
        var appends = batch.ConvertAll(pending => pending.Append);
        var (next, outcomes) = await store.CommitAsync(log, head, appends, CancellationToken.None);
        GrainMetrics.Committed(log, batch.Count, Stopwatch.GetElapsedTime(began));
        var grown = next.Size != head.Size;
        Volatile.Write(ref head, next);
        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].Outcome.TrySetResult(outcomes[i]);
        }

        if (grown)
        {
            committed(appends);
        }
    }

    private sealed record Pending(Append Append)
    {
        public TaskCompletionSource<AppendOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
