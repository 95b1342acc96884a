using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>The spool's one file: SQLite in WAL mode with <c>synchronous=FULL</c>, so that a commit that returned is on disk. One process has it.</summary>
internal sealed class SpoolFile : IDisposable
{
    private readonly string connectionString;
    private readonly FileStream theLock;

    /// <exception cref="IOException">Another gate uses the file, or it cannot be written.</exception>
    public SpoolFile(string path)
    {
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = true }.ToString();
        try
        {
            theLock = new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new IOException($"The spool {path} is used by another gate, or cannot be written.", fault);
        }

        using var connection = ConnectWriter();
        using var stream = typeof(SpoolFile).Assembly.GetManifestResourceStream("spool.sql")!;
        using var script = new StreamReader(stream);
        Run(connection, script.ReadToEnd());
    }

    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }

    public SqliteConnection ConnectWriter()
    {
        var connection = Connect();
        Run(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
        return connection;
    }

    public void Dispose()
    {
        using (var connection = new SqliteConnection(connectionString))
        {
            SqliteConnection.ClearPool(connection);
        }

        theLock.Dispose();
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
