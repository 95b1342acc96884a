using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Access;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Consumers;

/// <summary>
/// Reads on from its offset, does its work, and commits its entries together with the offset's move: done at least once, recorded
/// exactly once.
/// </summary>
/// <remarks>
/// Crash after the work and before the commit: the work is done again from the same offset, so it must be idempotent.
/// A fault ends the pass; the first nudge after a rest, at the latest the waker's, starts another.
/// </remarks>
internal abstract partial class ConsumerGrain(
    IAuditLogReader log, TimeProvider time, IHostApplicationLifetime host, ILogger logger) : Grain, IConsumer
{
    /// <summary>Entries read at once.</summary>
    protected virtual int ReadLimit => 500;

    /// <summary>Entries that may be passed over before the offset follows: what a restart reads again at most.</summary>
    protected virtual long UnsavedLimit => 5000;

    /// <summary>After a fault: a dependency that is away must not be asked at every commit.</summary>
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private long? position;
    private long offset;
    private bool nudged;
    private string? lastError;
    private DateTimeOffset failingSince;
    private bool conflict;
    private DateTimeOffset lastWork = DateTimeOffset.MinValue;
    private DateTimeOffset backoffUntil = DateTimeOffset.MinValue;

    /// <summary>Which log it follows.</summary>
    protected abstract int LogNumber { get; }

    /// <summary>The offset's name.</summary>
    protected abstract string Consumer { get; }

    /// <summary>Least time between two steps that do work, so that under load batches form and the disk is left to intake.</summary>
    protected abstract TimeSpan Interval { get; }

    /// <summary>What it found in the log that should not be there; null for nothing, since its activation.</summary>
    protected virtual string? Finding => null;

    /// <summary>False when there is nobody to work for: then a pass ends silently.</summary>
    protected virtual bool MayGoOn => true;

    /// <summary>A fault is an operator's to know.</summary>
    protected virtual bool ReportsFaults => MayGoOn;

    /// <summary>Index of the first entry that it is meant to see.</summary>
    protected virtual long First => 0;

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
            // The offset stands where the work was last committed.
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
        var at = Math.Max(First, position ?? await log.PositionAsync(LogNumber, Consumer, CancellationToken.None));
        return new Progress(Consumer, at, Math.Max(0, (head?.Size ?? 0) - at), Finding ?? lastError, LogNumber, conflict
            || Finding is not null,
            FailingSince: lastError is null ? null : failingSince);
    }

    /// <param name="from">Index of the first of <paramref name="entries"/>.</param>
    /// <param name="entries">At least one, in order, without a gap.</param>
    protected abstract Task<Step> ConsumeAsync(long from, IReadOnlyList<LogEntry> entries);

    /// <summary>
    /// Where to go on from, after the offset was read: there, or earlier where the log says that something was passed over.
    /// </summary>
    protected virtual Task<long> ResumeAtAsync(long offset) => Task.FromResult(offset);

    /// <summary>
    /// Runs before each pass; may move the offset back by committing a step of its own. An earlier conflict is over when it completes.
    /// </summary>
    protected virtual Task PrepareAsync() => Task.CompletedTask;

    /// <summary>Adds an entry and moves nothing.</summary>
    protected Task LogAsync(EntryDraft entry, Cover? cover = null) => CommitAsync(new Step(position!.Value, [entry], cover));

    /// <summary>Where it stands: before anything was read, its offset.</summary>
    protected long Position => position ?? offset;

    /// <summary>Where it stood when it last committed.</summary>
    protected long Offset => offset;

    /// <summary>Goes on there; the offset follows with the next commit.</summary>
    protected void GoTo(long index) => position = index;

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
        // Whether it was committed tells the offset; a silo that stops does not wait for an answer that may never come.
        var outcome = await GrainFactory.GetGrain<IAuditLogGrain>(LogNumber).AppendAsync(append).WaitAsync(Stopping);
        if (outcome.Verdict != AppendVerdict.Appended)
        {
            throw new InvalidOperationException($"The log answered {outcome.Verdict} to consumer {Consumer}; it starts again from its offset.");
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
            Report(null); // it is over, whatever comes now
        }

        if (MayGoOn && position < First)
        {
            await CommitAsync(Step.Skip(First));
        }

        await WaitForPaceAsync();
        while (!Stopping.IsCancellationRequested && MayGoOn
            && await ReadOnAsync() is { Entries: { Count: > 0 } entries } page)
        {
            var step = await ConsumeAsync(position!.Value, entries);
            if (step.IsWork || step.Entries.Count > 0 || step.To - offset > UnsavedLimit)
            {
                lastWork = time.GetUtcNow();
                await CommitAsync(step);
                Report(null);
                if (!page.HasMore && step.To > entries[^1].Index)
                {
                    await WaitForPaceAsync(); // caught up: let a batch form; who is behind goes on at once
                }
            }
            else
            {
                position = step.To;
            }

            NoteRead(entries);
        }
    }

    private Task WaitForPaceAsync()
    {
        var wait = lastWork == DateTimeOffset.MinValue ? TimeSpan.Zero : lastWork + Interval - time.GetUtcNow();
        return wait > TimeSpan.Zero ? Task.Delay(wait, time, Stopping) : Task.CompletedTask;
    }
}
