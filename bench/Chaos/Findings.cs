using Npgsql;

namespace CapOrleans.Bench.Chaos;

/// <summary>What a check found, each in a sentence; and the database as it was at one instant, since a living log goes on.</summary>
internal sealed class Findings(NpgsqlConnection snapshot)
{
    public const int PageSize = 1000;

    public List<string> All { get; } = [];

    public void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            All.Add(otherwise);
        }
    }

    public async Task<List<T>> AskAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, snapshot);
        Array.ForEach(values, value => command.Parameters.Add(new NpgsqlParameter { Value = value }));
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
