using System.Data.Common;
using CapOrleans.Core.MerkleTree;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>Reads on pooled connections of its own; WAL mode lets them run concurrently with the writer.</summary>
public sealed class SqliteLogReader(SqliteDatabase database) : SqlLogReader
{
    public override Task<IReadOnlyList<byte[]>> ReadLeafHashesAsync(int log, long from, int limit, CancellationToken cancellationToken) =>
        QueryAsync(LogQueries.EntryBytes, row => MerkleHash.Leaf(row.GetFieldValue<byte[]>(0)), cancellationToken, log, from, limit);

    // SQLite reads are synchronous file reads: they run on the thread pool, never on a grain's scheduler.
    private protected override async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, Func<DbDataReader, T?> read, CancellationToken cancellationToken, params object[] values)
        where T : class
    {
        var entered = await database.Reads.EnterAsync(cancellationToken);
        return await Task.Run(
            () =>
            {
                using var reading = entered; // disposed here, not on a grain's scheduler: it may truncate the WAL
                return AskNow(sql, read, values, cancellationToken);
            },
            CancellationToken.None);
    }

    private List<T> AskNow<T>(string sql, Func<DbDataReader, T?> read, object[] values, CancellationToken cancellationToken)
        where T : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var connection = database.Connect();
        using var interruption = cancellationToken.Register(() => raw.sqlite3_interrupt(connection.Handle));
        try
        {
            using var statement = new SqliteStatement(connection, sql, values.Length);
            using var reader = statement.Query(null, values);
            var rows = new List<T>();
            while (reader.Read() && read(reader) is { } row)
            {
                rows.Add(row);
            }

            return rows;
        }
        catch (SqliteException fault) when (fault.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            throw new OperationCanceledException("The query was cancelled.", fault, cancellationToken);
        }
    }
}
