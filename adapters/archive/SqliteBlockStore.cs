using CapOrleans.Core.Archive;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Archive;

/// <summary>The embedded block store: one SQLite file, blocks keyed by their CID's bytes.</summary>
/// <remarks>A block is verified when it is read: one that was corrupted or edited on disk is not returned.</remarks>
public sealed class SqliteBlockStore : IBlockStore
{
    private readonly string connectionString;

    public SqliteBlockStore(string path)
    {
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 30 }.ToString();
        using var connection = Connect();
        Execute(connection, "CREATE TABLE IF NOT EXISTS block (cid BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID");
    }

    public Task PutAsync(IReadOnlyList<Block> blocks, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var connection = Connect();
            using var transaction = connection.BeginTransaction(deferred: false);
            using var insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO block (cid, bytes) VALUES ($cid, $bytes) ON CONFLICT DO UPDATE SET bytes = excluded.bytes WHERE bytes <> excluded.bytes";
            var cid = insert.Parameters.Add("$cid", SqliteType.Blob);
            var bytes = insert.Parameters.Add("$bytes", SqliteType.Blob);
            foreach (var block in blocks)
            {
                (cid.Value, bytes.Value) = (block.Cid.ToBytes(), block.Bytes);
                insert.ExecuteNonQuery();
            }

            transaction.Commit();
        },
        cancellationToken);

    public Task<byte[]?> FindAsync(Cid cid, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var connection = Connect();
            using var select = connection.CreateCommand();
            select.CommandText = "SELECT bytes FROM block WHERE cid = $cid";
            select.Parameters.AddWithValue("$cid", cid.ToBytes());
            return select.ExecuteScalar() is byte[] bytes && cid.Matches(bytes) ? bytes : null;
        },
        cancellationToken);

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
