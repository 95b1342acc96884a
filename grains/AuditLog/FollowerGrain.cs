using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.AuditLog;

/// <summary>
/// Reads on from its bookmark, does its work, and commits what it says about it together with the bookmark's move: done at least once, said
/// exactly once.
/// </summary>
/// <remarks>
/// Crash after the work and before the commit: the work is done again from the same bookmark, so it must bear repetition.
/// A fault ends the pass; the first nudge after a rest, at the latest the waker's, starts another.
/// </remarks>
internal abstract partial class FollowerGrain(
    IAuditLogReader log, TimeProvider time, IHostApplicationLifetime host, ILogger logger) : Grain, IFollower
{
    /// <summary>Entries read at once.</summary>
    protected virtual int ReadLimit => 500;

    /// <summary>Entries that may be passed over before the bookmark follows: what a restart reads again at most.</summary>
    protected virtual long UnsavedLimit => 5000;

    /// <summary>After a fault: a dependency that is away must not be asked at every commit.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private long? position;
    private long bookmark;
    private bool nudged;
    private string? trouble;
    private bool conflict;
    private DateTimeOffset lastWork = DateTimeOffset.MinValue;
    private DateTimeOffset restsUntil = DateTimeOffset.MinValue;

    /// <summary>Which log it follows.</summary>
    protected abstract int LogNumber { get; }

    /// <summary>The bookmark's name.</summary>
    protected abstract string Follower { get; }

    /// <summary>Least time between two steps that do work, so that under load batches form and the disk is left to intake.</summary>
    protected abstract TimeSpan Pace { get; }

    /// <summary>What it found in the log that should not be there; null for nothing, since its activation.</summary>
    protected virtual string? Finding => null;

    /// <summary>False when there is nobody to work for: then a pass ends without a word.</summary>
    protected virtual bool MayGoOn => true;

    /// <summary>Index of the first entry that it is meant to see.</summary>
    protected virtual long First => 0;

    protected CancellationToken Stopping => host.ApplicationStopping;

    protected IAuditLogReader Log => log;

    protected TimeProvider Time => time;

    public async Task NudgeAsync()
    {
        nudged = true;
        if (pass is not null || time.GetUtcNow() < restsUntil)
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
            // The bookmark stands where the work was last committed.
        }
        catch (Exception fault)
        {
            position = null;
            conflict |= fault is LogContradictedException;
            restsUntil = time.GetUtcNow() + Rest;
            Report(MayGoOn ? OneLine.Of(fault.Message) : null);
        }
        finally
        {
            EndPass();
        }
    }

    public virtual async Task<Progress> ProgressAsync()
    {
        var head = await log.HeadAsync(LogNumber, CancellationToken.None);
        var at = Math.Max(First, position ?? await log.PositionAsync(LogNumber, Follower, CancellationToken.None));
        return new Progress(Follower, at, Math.Max(0, (head?.Size ?? 0) - at), Finding ?? trouble, LogNumber, conflict || Finding is not null);
    }

    /// <param name="from">Index of the first of <paramref name="entries"/>.</param>
    /// <param name="entries">At least one, in order, without a gap.</param>
    protected abstract Task<Step> FollowAsync(long from, IReadOnlyList<LogEntry> entries);

    /// <summary>Where to go on from, after the bookmark was read: there, or earlier where the log says that something was passed over.</summary>
    protected virtual Task<long> ResumeAtAsync(long bookmark) => Task.FromResult(bookmark);

    /// <summary>
    /// Runs before each pass; may move the bookmark back by committing a step of its own. An earlier conflict is over when it completes.
    /// </summary>
    protected virtual Task PrepareAsync() => Task.CompletedTask;

    /// <summary>Adds an entry and moves nothing.</summary>
    protected Task SayAsync(EntryDraft entry, Cover? cover = null) => CommitAsync(new Step(position!.Value, [entry], cover));

    /// <summary>Where it stands: before anything was read, its bookmark.</summary>
    protected long Position => position ?? bookmark;

    /// <summary>Where it stood when it last committed.</summary>
    protected long Bookmark => bookmark;

    /// <summary>Goes on there; the bookmark follows with the next commit.</summary>
    protected void GoTo(long index) => position = index;

    protected async Task CommitAsync(Step step)
    {
        var append = new Append
        {
            Entries = step.Entries,
            Bookmark = new BookmarkMove(Follower, bookmark, step.To),
            Cover = step.Cover,
        };
        // Whether it was committed tells the bookmark; a silo that stops does not wait for an answer that may never come.
        var outcome = await GrainFactory.GetGrain<IAuditLogGrain>(LogNumber).AppendAsync(append).WaitAsync(Stopping);
        if (outcome.Verdict != AppendVerdict.Appended)
        {
            throw new InvalidOperationException($"The log answered {outcome.Verdict} to follower {Follower}; it starts again from its bookmark.");
        }

        (position, bookmark) = (step.To, step.To);
    }

    private async Task ResumeAsync()
    {
        if (position is null)
        {
            bookmark = await log.PositionAsync(LogNumber, Follower, Stopping);
            position = await ResumeAtAsync(bookmark);
        }
    }

    private async Task CatchUpAsync()
    {
        await ResumeAsync();
        await PrepareAsync();
        conflict = false;
        if (MayGoOn && position < First)
        {
            await CommitAsync(Step.Skip(First));
        }

        await WaitForPaceAsync();
        while (!Stopping.IsCancellationRequested && MayGoOn
            && await ReadOnAsync() is { Entries: { Count: > 0 } entries } page)
        {
            var step = await FollowAsync(position!.Value, entries);
            if (step.IsWork || step.Entries.Count > 0 || step.To - bookmark > UnsavedLimit)
            {
                lastWork = time.GetUtcNow();
                await CommitAsync(step);
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
        var wait = lastWork == DateTimeOffset.MinValue ? TimeSpan.Zero : lastWork + Pace - time.GetUtcNow();
        return wait > TimeSpan.Zero ? Task.Delay(wait, time, Stopping) : Task.CompletedTask;
    }
}
