using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.Grains.Consumers;

/// <summary>One pass at a time, each going on where the one before ended.</summary>
internal abstract partial class ConsumerGrain
{
    private TaskCompletionSource? pass; // null while none is under way
    private (long Next, byte[] Leaf)? last; // of the last entry that was read, and the index behind it

    /// <summary>What an operator asks for while no pass is under way.</summary>
    /// <exception cref="TimeoutException">One is, for longer than a caller waits.</exception>
    protected async Task<T> BetweenPassesAsync<T>(Func<Task<T>> work)
    {
        while (pass is { } underWay)
        {
            await underWay.Task.WaitAsync(Backoff * 10, time, Stopping);
        }

        BeginPass();
        try
        {
            await ResumeAsync();
            return await work();
        }
        finally
        {
            EndPass();
        }
    }

    /// <summary>
    /// Reads on, and the entry before as well: a database that was set back to an older state under a running silo, as by a restored backup,
    /// has another one there, or none.
    /// </summary>
    private async Task<LogPage> ReadOnAsync()
    {
        var from = position!.Value;
        if (last is not { } before || before.Next != from)
        {
            return await log.ReadAsync(LogNumber, from, ReadLimit, Stopping);
        }

        var page = await log.ReadAsync(LogNumber, from - 1, ReadLimit + 1, Stopping);
        if (page.Entries is not [var known, ..] || !MerkleHash.Leaf(known.Bytes).AsSpan().SequenceEqual(before.Leaf))
        {
            last = null;
            throw new OrleansException($"Log {LogNumber} is not what it was: its database was set back. It is read again from where its own record says.");
        }

        return page with { Entries = [.. page.Entries.Skip(1)] };
    }

    /// <param name="entries">That were read; some of them may be left for the next step.</param>
    private void NoteRead(IReadOnlyList<LogEntry> entries)
    {
        var at = (int)(position!.Value - 1 - entries[0].Index);
        last = at >= 0 && at < entries.Count ? (position.Value, MerkleHash.Leaf(entries[at].Bytes)) : null;
    }

    private void BeginPass() => pass = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    private void EndPass()
    {
        var ended = pass!;
        pass = null;
        ended.SetResult();
    }
}
