using Microsoft.Data.Sqlite;

namespace CapOrleans.Tests.Support;

/// <summary>A snapshot of a database, which can be restored while programs have it open, as from a backup.</summary>
internal sealed class SqliteCopy
{
    private readonly string file;
    private readonly string name;
    private readonly List<string> tables = [];

    /// <param name="name">Name of this copy, when a file has several.</param>
    public SqliteCopy(string file, string name = "copy")
    {
        (this.file, this.name) = (file, name);
        Run(connection =>
        {
            using (var names = connection.CreateCommand())
            {
                names.CommandText = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '% of %'";
                using var rows = names.ExecuteReader();
                while (rows.Read())
                {
                    tables.Add(rows.GetString(0));
                }
            }

            // In one transaction: if a consumer committed between two tables, the copy would match no point in time.
            var copies = tables.Select(table => $"CREATE TABLE \"{name} of {table}\" AS SELECT * FROM \"{table}\";");
            Execute(connection, $"BEGIN IMMEDIATE; {string.Concat(copies)} COMMIT;");
        });
    }

    public void Restore() => Run(connection => Execute(
        connection, $"BEGIN IMMEDIATE; {string.Concat(tables.Select(table => $"DELETE FROM \"{table}\"; INSERT INTO \"{table}\" SELECT * FROM \"{name} of {table}\";"))} COMMIT;"));

    private void Run(Action<SqliteConnection> work)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=false");
        connection.Open();
        work(connection);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
