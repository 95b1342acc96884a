using System.Data.Common;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>Reads on pooled connections; never waits for a writer.</summary>
public sealed class PostgresLogReader(PostgresDatabase database) : SqlLogReader
{
    public override Task<IReadOnlyList<byte[]>> ReadLeafHashesAsync(int log, long from, int limit, CancellationToken cancellationToken) =>
        QueryAsync(LogQueries.LeafHashes, row => row.GetFieldValue<byte[]>(0), cancellationToken, log, from, limit);

    private protected override async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, Func<DbDataReader, T?> read, CancellationToken cancellationToken, params object[] values)
        where T : class
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (read(reader) is not { } row)
            {
                command.Cancel(); // otherwise all remaining rows are sent before the connection is free again
                break;
            }

            rows.Add(row);
        }

        return rows;
    }
}
