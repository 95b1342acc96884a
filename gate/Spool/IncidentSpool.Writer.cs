using CapOrleans.Core.Access;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>The only writer: commits the changes that wait, and survives any fault of the disk.</summary>
internal sealed partial class IncidentSpool
{
    /// <summary>SQLITE_FULL and SQLITE_IOERR.</summary>
    private const int DiskFull = 13, DiskFault = 10;

    private async Task<T> ChangeAsync<T>(Func<SpoolCommands, (T Result, IReadOnlyList<WaitingBytes> Bytes)> apply, params int[] partitions)
    {
        var change = new Change<T>(apply, partitions);
        await changes.Writer.WriteAsync(change);
        return await change.Done.Task;
    }

    private void Write(SqliteConnection connection)
    {
        using var owned = connection;
        using var commands = new SpoolCommands(connection);
        var batch = new List<Change>(BatchLimit);
        while (changes.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            while (batch.Count < BatchLimit && changes.Reader.TryRead(out var change))
            {
                batch.Add(change);
            }

            try
            {
                Commit(connection, commands, batch);
                lastError = null;
            }
            catch (Exception fault)
            {
                // The callers get the fault; the file is unchanged, and the next changes follow.
                if (faults.Take(batch.Count) is > 0 and var count) // while the disk is full, every incident ends up here
                {
                    LogFault(count, fault.Message);
                }

                lastError = OneLine.Of(fault.Message);
                batch.ForEach(change => change.Fail(fault));
                if (fault is SqliteException { SqliteErrorCode: DiskFull or DiskFault })
                {
                    file.ReleaseReserve(); // from now on incidents can only leave, in the reserved space
                }
            }
        }
    }

    private void Commit(SqliteConnection connection, SpoolCommands commands, List<Change> batch)
    {
        var moved = new List<WaitingBytes>();
        using (var transaction = connection.BeginTransaction(deferred: false))
        {
            commands.UseTransaction(transaction);
            batch.ForEach(change => moved.AddRange(change.Apply(commands)));
            transaction.Commit();
        }

        quota.Adjust(moved);
        foreach (var change in batch)
        {
            change.Succeed();
        }

        foreach (var partition in batch.SelectMany(change => change.Partitions).Distinct())
        {
            arrivals[partition].Release();
        }
    }
}
