using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate.Spool;

/// <summary>
/// The spool's file: SQLite in WAL mode with <c>synchronous=FULL</c>, so that a commit that has returned is on disk.
/// Used by one process at a time.
/// </summary>
/// <remarks>Deleting takes space, too: a reserve file keeps some, so that incidents can leave a full disk.</remarks>
internal sealed class SpoolFile : IDisposable
{
    /// <summary>Version of the tables in spool.sql.</summary>
    public const int Version = 6;

    private const int ReserveBytes = 2 * 1024 * 1024;

    /// <summary>Scripts from each version to the next, starting from version 1.</summary>
    private static readonly string[] Migrations =
    [
        // Whether a list vouched for incidents from before is unknown: they count as vouched for.
        "ALTER TABLE incident ADD COLUMN vouched INTEGER NOT NULL DEFAULT 1",
        // Incidents from before were compared byte by byte, and still are.
        "ALTER TABLE incident ADD COLUMN says BLOB NOT NULL DEFAULT x''; UPDATE incident SET says = content",
        "ALTER TABLE incident ADD COLUMN source TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE incident ADD COLUMN critical INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE incident ADD COLUMN any_severity INTEGER NOT NULL DEFAULT 0",
    ];

    private readonly string connectionString;
    private readonly string reserve;
    private readonly TimeProvider time;
    private readonly FileStream lockFile;
    private volatile bool hasReserve;
    private long? lastAttemptAt;

    /// <exception cref="IOException">Another gate uses the file, or it cannot be written.</exception>
    public SpoolFile(string path, TimeProvider time)
    {
        this.time = time;
        reserve = $"{path}.reserve";
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = true }.ToString();
        try
        {
            lockFile = new FileStream($"{path}.lock", Owned(FileMode.OpenOrCreate));
            if (!File.Exists(path))
            {
                // Only the owner may read incidents; SQLite gives its other files the same mode.
                new FileStream(path, Owned(FileMode.CreateNew)).Dispose();
            }
        }
        catch (IOException fault)
        {
            throw new IOException($"The spool {path} is used by another gate, or cannot be written.", fault);
        }

        File.Delete(reserve); // opening takes space as well
        try
        {
            Prepare();
        }
        catch (SqliteException fault)
        {
            lockFile.Dispose();
            throw new IOException($"The spool {path} cannot be used: {fault.Message}", fault);
        }

        TakeReserve();
    }

    public void ReleaseReserve()
    {
        lock (lockFile)
        {
            hasReserve = false;
            TryDeleteReserve();
        }
    }

    /// <summary>Reserves the space again once there is enough; tries at most once a second.</summary>
    /// <returns>Whether there is space for incidents to leave; without it, none may be added.</returns>
    public bool TakeReserve()
    {
        if (hasReserve)
        {
            return true;
        }

        lock (lockFile)
        {
            if (hasReserve || (lastAttemptAt is { } last && time.GetElapsedTime(last) < TimeSpan.FromSeconds(1)))
            {
                return hasReserve;
            }

            lastAttemptAt = time.GetTimestamp();
            try
            {
                using var stream = new FileStream(reserve, Owned(FileMode.Create));
                stream.Write(new byte[ReserveBytes]);
                stream.Flush(flushToDisk: true);
                return hasReserve = true;
            }
            catch (Exception fault) when (SpoolFault.Is(fault))
            {
                TryDeleteReserve();
                return hasReserve = HasFreePages();
            }
        }
    }

    /// <summary>Whether enough pages are free within the file, which the file system does not count as free.</summary>
    private bool HasFreePages()
    {
        try
        {
            using var connection = Connect();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";
            return (long)command.ExecuteScalar()! >= ReserveBytes;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    /// <summary>Must not throw while a disk fault is handled: on a read-only disk nothing can be deleted.</summary>
    private void TryDeleteReserve()
    {
        try
        {
            File.Delete(reserve);
        }
        catch (Exception fault) when (SpoolFault.Is(fault))
        {
            // It stays, and is overwritten once there is space again.
        }
    }

    /// <summary>Accessible to the owner only, whatever the umask.</summary>
    private static FileStreamOptions Owned(FileMode mode) => new()
    {
        Mode = mode,
        Access = FileAccess.ReadWrite,
        Share = FileShare.None,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    private void Prepare()
    {
        using var connection = ConnectWriter();
        for (var version = VersionOf(connection); version is > 0 and < Version; version++)
        {
            Run(connection, $"BEGIN IMMEDIATE; {Migrations[version - 1]}; PRAGMA user_version = {version + 1}; COMMIT;");
        }

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

        lockFile.Dispose();
    }

    private static long VersionOf(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
