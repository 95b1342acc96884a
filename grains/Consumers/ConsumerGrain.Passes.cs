using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.Grains.Consumers;

/// <summary>Runs one pass at a time, each continuing where the previous one ended.</summary>
internal abstract partial class ConsumerGrain
{
    private TaskCompletionSource? pass; // null while none is running
    private (long Next, byte[] Leaf)? last; // of the last entry that was read: the index after it, and its leaf hash

    /// <summary>Runs an operator's request while no pass is running.</summary>
    /// <exception cref="TimeoutException">A pass has been running for longer than a caller waits: 10
    /// seconds.</exception>
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
    /// Reads the next entries, and the one before them as a check: if the database was rolled back under a running
    /// silo, as by a restored backup, that entry is another one or missing.
    /// </summary>
    private async Task<LogPage> ReadNextAsync()
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
            throw new OrleansException($"Log {LogNumber} has changed under the consumer: its database was rolled " +
                "back. Reading restarts from the offset that the database has now.");
        }

        return page with { Entries = [.. page.Entries.Skip(1)] };
    }

    /// <param name="entries">The entries that were read; some may be left for the next step.</param>
    private void RememberLastRead(IReadOnlyList<LogEntry> entries)
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
