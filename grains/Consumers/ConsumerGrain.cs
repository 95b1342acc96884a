using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Access;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Consumers;

/// <summary>
/// Reads from its offset, does its work, and commits its entries together with the offset's move: work is done at least
/// once and recorded exactly once.
/// </summary>
/// <remarks>
/// Crash after the work and before the commit: the work is done again from the same offset, so it must be idempotent. A
/// fault ends the pass; the first nudge after the backoff, at the latest the waker's, starts another.
/// </remarks>
internal abstract partial class ConsumerGrain(
    IAuditLogReader log, TimeProvider time, IHostApplicationLifetime host, ILogger logger) : Grain, IConsumer
{
    /// <summary>Maximum entries per read.</summary>
    protected virtual int ReadLimit => 500;

    /// <summary>Entries skipped before the offset is committed: the most that a restart reads again.</summary>
    protected virtual long MaxUncommittedSkip => 5000;

    /// <summary>Backoff after a fault: an unavailable dependency must not be called at every commit.</summary>
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private long? position;
    private long offset;
    private bool nudged;
    private string? lastError;
    private DateTimeOffset failingSince;
    private bool conflict;
    private DateTimeOffset lastWork = DateTimeOffset.MinValue;
    private DateTimeOffset backoffUntil = DateTimeOffset.MinValue;

    /// <summary>The number of the log that it follows.</summary>
    protected abstract int LogNumber { get; }

    /// <summary>The offset's name.</summary>
    protected abstract string Consumer { get; }

    /// <summary>Minimum time between steps that do work, so that batches form and intake gets the disk.</summary>
    protected abstract TimeSpan Interval { get; }

    /// <summary>What it found in the log that should not be there; null when nothing was found.</summary>
    protected virtual string? IntegrityFault => null;

    /// <summary>Whether the consumer may proceed; if not, a pass ends silently.</summary>
    protected virtual bool CanProceed => true;

    /// <summary>Whether faults are shown to operators.</summary>
    protected virtual bool ReportsFaults => CanProceed;

    /// <summary>Index of the first entry that it is to process.</summary>
    protected virtual long FirstIndex => 0;

    protected CancellationToken Stopping => host.ApplicationStopping;

    protected IAuditLogReader Log => log;

    protected TimeProvider Time => time;

    public async Task NudgeAsync()
    {
        nudged = true;
        if (pass is not null || time.GetUtcNow() < backoffUntil)
        {
            return;
        }

        BeginPass();
        try
        {
            while (nudged && !Stopping.IsCancellationRequested)
            {
                nudged = false;
                await CatchUpAsync();
                Report(null);
            }
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // The offset is where the work was last committed.
        }
        catch (Exception fault)
        {
            position = null;
            conflict |= fault is LogContradictedException;
            backoffUntil = time.GetUtcNow() + Backoff;
            Report(ReportsFaults ? OneLine.Of(fault.Message) : null);
        }
        finally
        {
            EndPass();
        }
    }

    public virtual async Task<Progress> ProgressAsync()
    {
        var head = await log.HeadAsync(LogNumber, CancellationToken.None);
        var at = Math.Max(FirstIndex, position ?? await log.PositionAsync(LogNumber, Consumer, CancellationToken.None));
        return new Progress(Consumer, at, Math.Max(0, (head?.Size ?? 0) - at), IntegrityFault ?? lastError, LogNumber, conflict
            || IntegrityFault is not null,
            FailingSince: lastError is null ? null : failingSince);
    }

    /// <param name="from">Index of the first of <paramref name="entries"/>.</param>
    /// <param name="entries">At least one, in order, without gaps.</param>
    protected abstract Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries);

    /// <summary>
    /// Returns where to resume: at the offset just read, or earlier if the log shows that entries were skipped.
    /// </summary>
    protected virtual Task<long> ResumeAtAsync(long offset) => Task.FromResult(offset);

    /// <summary>
    /// Runs before each pass; may commit a step that moves the offset back. Completing it ends an earlier conflict.
    /// </summary>
    protected virtual Task PrepareAsync() => Task.CompletedTask;

    /// <summary>Commits an entry at the current position.</summary>
    protected Task LogAsync(EntryDraft entry, CoveredRange? cover = null) => CommitAsync(new Step(position!.Value, [entry], cover));

    /// <summary>Index of the next entry to read; the offset before anything was read.</summary>
    protected long Position => position ?? offset;

    /// <summary>The position that was last committed.</summary>
    protected long Offset => offset;

    /// <summary>Continues at this index; the offset follows with the next commit.</summary>
    protected void ContinueAt(long index) => position = index;

    protected async Task CommitAsync(Step step)
    {
        var append = new Append
        {
            Entries = step.Entries,
            Offset = new OffsetCommit(Consumer, offset, step.To),
            Cover = step.Cover,
            Deliveries = step.Deliveries,
            Escalations = step.Escalations,
        };
        // The offset shows whether it was committed; a stopping silo does not wait for an answer that may never come.
        var outcome = await GrainFactory.GetGrain<IAuditLogGrain>(LogNumber).AppendAsync(append).WaitAsync(Stopping);
        if (outcome.Verdict != AppendVerdict.Appended)
        {
            throw new InvalidOperationException($"The log did not accept the commit of consumer {Consumer} " +
                $"({outcome.Verdict}); the consumer restarts from its offset.");
        }

        (position, offset) = (step.To, step.To);
    }

    private async Task ResumeAsync()
    {
        if (position is null)
        {
            offset = await log.PositionAsync(LogNumber, Consumer, Stopping);
            position = await ResumeAtAsync(offset);
        }
    }

    private async Task CatchUpAsync()
    {
        await ResumeAsync();
        await PrepareAsync();
        if (conflict)
        {
            conflict = false;
            Report(null); // the conflict is over, whatever follows
        }

        if (CanProceed && position < FirstIndex)
        {
            await CommitAsync(Step.Skip(FirstIndex));
        }

        await WaitForPaceAsync();
        while (!Stopping.IsCancellationRequested && CanProceed
            && await ReadNextAsync() is { Entries: { Count: > 0 } entries } page)
        {
            var step = await ConsumeAsync(position!.Value, entries);
            if (step.DidWork || step.Entries.Count > 0 || step.To - offset > MaxUncommittedSkip)
            {
                lastWork = time.GetUtcNow();
                await CommitAsync(step);
                Report(null);
                if (!page.HasMore && step.To > entries[^1].Index)
                {
                    await WaitForPaceAsync(); // caught up: let a batch form; if behind, continue at once
                }
            }
            else
            {
                position = step.To;
            }

            RememberLastRead(entries);
        }
    }

    private Task WaitForPaceAsync()
    {
        var wait = lastWork == DateTimeOffset.MinValue ? TimeSpan.Zero : lastWork + Interval - time.GetUtcNow();
        return wait > TimeSpan.Zero ? Task.Delay(wait, time, Stopping) : Task.CompletedTask;
    }
}
