using CapOrleans.Core.Archive;
using Npgsql;

namespace CapOrleans.Archive;

/// <summary>The block store of a cluster: every node can return a block, whichever node archived it.</summary>
/// <remarks>A block is verified when it is read, as in <see cref="SqliteBlockStore"/>.</remarks>
public sealed class PostgresBlockStore : IBlockStore, IDisposable
{
    private readonly NpgsqlDataSource source;

    public PostgresBlockStore(string connectionString)
    {
        source = NpgsqlDataSource.Create(connectionString);
        // Nodes that start concurrently wait for one another; the lock's number is used by this store only.
        using var make = source.CreateCommand(
            """
            DO $$ BEGIN
                PERFORM pg_advisory_xact_lock(7263402);
                CREATE TABLE IF NOT EXISTS block (cid bytea PRIMARY KEY, bytes bytea NOT NULL);
            END $$
            """);
        make.ExecuteNonQuery();
    }

    public async Task PutAsync(IReadOnlyList<Block> blocks, CancellationToken cancellationToken)
    {
        await using var insert = source.CreateCommand(
            """
            INSERT INTO block (cid, bytes) SELECT DISTINCT ON (cid) cid, bytes FROM unnest($1::bytea[], $2::bytea[]) AS given (cid, bytes)
            ON CONFLICT (cid) DO UPDATE SET bytes = excluded.bytes WHERE block.bytes <> excluded.bytes
            """);
        insert.Parameters.Add(new NpgsqlParameter { Value = blocks.Select(block => block.Cid.ToBytes()).ToArray() });
        insert.Parameters.Add(new NpgsqlParameter { Value = blocks.Select(block => block.Bytes).ToArray() });
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<byte[]?> FindAsync(Cid cid, CancellationToken cancellationToken)
    {
        await using var select = source.CreateCommand("SELECT bytes FROM block WHERE cid = $1");
        select.Parameters.Add(new NpgsqlParameter { Value = cid.ToBytes() });
        return await select.ExecuteScalarAsync(cancellationToken) is byte[] bytes && cid.Matches(bytes) ? bytes : null;
    }

    public void Dispose() => source.Dispose();
}
