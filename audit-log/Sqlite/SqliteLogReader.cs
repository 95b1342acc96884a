using System.Data.Common;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>Reads on pooled connections of their own; WAL lets them run beside the writer.</summary>
public sealed class SqliteLogReader(SqliteDatabase database) : SqlLogReader
{
    public override Task<IReadOnlyList<byte[]>> ReadLeafHashesAsync(int log, long from, int limit, CancellationToken cancellationToken) =>
        Ask(LogQueries.EntryBytes, row => MerkleHash.Leaf(row.GetFieldValue<byte[]>(0)), cancellationToken, log, from, limit);

    // SQLite reads are synchronous file reads: they run on the thread pool, never on a grain's scheduler.
    private protected override Task<IReadOnlyList<T>> Ask<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params object[] values) => Task.Run<IReadOnlyList<T>>(
        () =>
        {
            using var connection = database.Connect();
            using var statement = new SqliteStatement(connection, sql, values.Length);
            using var reader = statement.Query(null, values);
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return rows;
        },
        cancellationToken);
}
