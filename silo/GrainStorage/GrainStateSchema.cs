using Microsoft.Data.Sqlite;

namespace CapOrleans.Silo.GrainStorage;

/// <summary>Creates the tables that Orleans' AdoNet storage needs.</summary>
internal static class GrainStateSchema
{
    public const string Invariant = "System.Data.SQLite"; // the provider's name for Microsoft.Data.Sqlite

    public static string Ensure(string path)
    {
        var connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 30 }.ToString();
        using var stream = typeof(GrainStateSchema).Assembly.GetManifestResourceStream("grain-state.sql")!;
        using var reader = new StreamReader(stream);
        using var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode=WAL;" + reader.ReadToEnd();
        command.ExecuteNonQuery();
        return connectionString;
    }
}
