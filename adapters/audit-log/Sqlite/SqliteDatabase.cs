using System.Globalization;
using CapOrleans.Core.AuditLog;
using Microsoft.Data.Sqlite;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>One file in WAL mode with <c>synchronous=FULL</c>: a commit that returned is on disk.</summary>
public sealed class SqliteDatabase
{
    /// <summary>
    /// Size above which the write-ahead log is truncated; it normally stays at a quarter of that. 64 MiB.
    /// </summary>
    public const long MaxWal = 64 << 20;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    private readonly string connectionString, wal;
    private long? lastAttempt;

    private SqliteDatabase(string path)
    {
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = true, DefaultTimeout = 30 }.ToString();
        wal = $"{path}-wal";
        Reads = new ReadGate(TruncateWal);
    }

    /// <summary>The gate that every read passes.</summary>
    public ReadGate Reads { get; }

    /// <summary>Opens or creates the file, and brings its schema up to date.</summary>
    /// <param name="logs">Number of logs; stored at the first start and compared at every later one.</param>
    /// <exception cref="StoreMismatchException" />
    public static SqliteDatabase Open(string path, int logs)
    {
        var database = new SqliteDatabase(path);
        using var connection = database.ConnectWriter();
        Migrate(connection);
        using var insertLayout = new SqliteStatement(connection, LogQueries.FixLayout, 1);
        insertLayout.Run(null, logs);
        StoreMismatchException.ThrowIfLogCountDiffers(Convert.ToInt32(Scalar(connection, LogQueries.Layout),
            CultureInfo.InvariantCulture), logs);
        return database;
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
        Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-32000;");
        return connection;
    }

    /// <summary>
    /// Truncates the write-ahead log when it is too long; called after each commit. Tries at most every 10 seconds,
    /// since another process may prevent it.
    /// </summary>
    public void TruncateWalIfLong()
    {
        if (new FileInfo(wal) is { Exists: true, Length: > MaxWal } && (lastAttempt is not { } at || TimeProvider.System.GetElapsedTime(at) > RetryInterval))
        {
            lastAttempt = TimeProvider.System.GetTimestamp();
            Reads.RequestShortening();
        }
    }

    private void TruncateWal()
    {
        using var connection = Connect();
        try
        {
            Execute(connection, "PRAGMA busy_timeout=1000; PRAGMA wal_checkpoint(TRUNCATE);");
        }
        catch (SqliteException)
        {
            // Another process reads or writes: a later commit tries again.
        }
    }

    /// <summary>
    /// Applies the numbered scripts, each once, in a transaction that waits for any other process that migrates.
    /// </summary>
    private static void Migrate(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        var version = Convert.ToInt32(Scalar(connection, "PRAGMA user_version"), CultureInfo.InvariantCulture);
        var scripts = Scripts();
        StoreMismatchException.ThrowIfNewer("the log", version, scripts.Count);
        foreach (var script in scripts.Skip(version))
        {
            Execute(connection, script);
        }

        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {scripts.Count}"));
        transaction.Commit();
    }

    private static List<string> Scripts()
    {
        var assembly = typeof(SqliteDatabase).Assembly;
        var names = assembly.GetManifestResourceNames().Where(name => name.Contains(".Sqlite.", StringComparison.Ordinal));
        return [.. names.Order(StringComparer.Ordinal).Select(name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        })];
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
