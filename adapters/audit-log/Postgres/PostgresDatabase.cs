using System.Data;
using System.Reflection;
using CapOrleans.Core.AuditLog;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>
/// A PostgreSQL database of this service: its URL, the settings of its connections, and its schema migrations.
/// </summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    /// <summary>
    /// Every query of ours has an index. A table that grows faster than it is analysed looks small to the planner,
    /// which would then scan all of it: a commit at 100,000 incidents measured five times as expensive as at none.
    /// </summary>
    private const string IndexOnlyOptions = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

    /// <summary>
    /// Maximum connections of one pool. A node has three pools (log, blocks, Orleans), and one more connection for each
    /// log that it writes.
    /// </summary>
    private const int PoolSize = 16;

    /// <summary>
    /// Requires SCRAM, in which the server proves that it knows the password: an impostor on the database's port, or in
    /// between, never receives it. From what it sees, it can still guess a weak password offline, and it sets the
    /// number of iterations for both sides; a Unix socket or a certificate keeps it out. Another authentication method
    /// must be named in the connection string.
    /// </summary>
    private const string RequiredAuthentication = "ScramSHA256";

    private PostgresDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Source = NpgsqlDataSource.Create(connectionString);
    }

    /// <summary>In Npgsql's format; contains the password.</summary>
    public string ConnectionString { get; }

    internal NpgsqlDataSource Source { get; }

    /// <summary>Reads <c>postgres://user:password@host:port/database</c>, or Npgsql's <c>Host=...;Database=...</c>.</summary>
    /// <returns>Null when it is neither.</returns>
    /// <exception cref="FormatException">
    /// A part of the URL is not supported; the message names the part, never a value.
    /// </exception>
    public static string? ReadUrl(string text)
    {
        try
        {
            var builder = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "postgres" or "postgresql"
                ? DatabaseUrl.Read(url)
                : new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(builder.Host) || string.IsNullOrEmpty(builder.Database))
            {
                return null;
            }

            builder.MaxPoolSize = PoolSize;
            builder.MaxAutoPrepare = 50;
            builder.AutoPrepareMinUsages = 2;
            builder.NoResetOnClose = true;
            builder.Timeout = builder.Keys.Cast<string>().Contains("Timeout") ? builder.Timeout : 5;
            builder.CommandTimeout = 10;
            builder.RequireAuth ??= RequiredAuthentication;
            builder.Options = $"{builder.Options} -c synchronous_commit=on {IndexOnlyOptions}".TrimStart(); // ours come last and take precedence
            return builder.ToString();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Opens the database and brings the log's schema up to date.</summary>
    /// <param name="connectionString">As returned by <see cref="ReadUrl"/>.</param>
    /// <param name="logs">Number of logs; stored at the first start and compared at every later one.</param>
    /// <exception cref="StoreMismatchException" />
    public static PostgresDatabase Open(string connectionString, int logs)
    {
        var database = new PostgresDatabase(connectionString);
        database.Migrate("audit-log", typeof(PostgresDatabase).Assembly, ".Postgres.");
        using var insertLayout = database.Source.CreateCommand(LogQueries.FixLayout);
        insertLayout.Parameters.Add(new NpgsqlParameter { Value = logs });
        insertLayout.ExecuteNonQuery();
        using var layout = database.Source.CreateCommand(LogQueries.Layout);
        StoreMismatchException.ThrowIfLogCountDiffers((int)layout.ExecuteScalar()!, logs);
        return database;
    }

    /// <summary>
    /// Applies a component's numbered scripts that were not applied yet, in one transaction; nodes that start
    /// concurrently wait for one another.
    /// </summary>
    /// <param name="component">Owner of the schema; each component has a version number of its own.</param>
    /// <param name="folder">Text that the names of the embedded scripts contain.</param>
    /// <exception cref="StoreMismatchException">The schema was written by a newer version.</exception>
    public void Migrate(string component, Assembly assembly, string folder)
    {
        var scripts = assembly.GetManifestResourceNames()
            .Where(name => name.Contains(folder, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToList();
        using var connection = Source.OpenConnection();
        using var transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
        // Any lock number will do, as long as it never changes.
        Execute(connection, "SELECT pg_advisory_xact_lock(7263401)");
        Execute(connection, "CREATE TABLE IF NOT EXISTS schema_version (component text PRIMARY KEY, version integer NOT NULL)");
        using var read = new NpgsqlCommand("SELECT version FROM schema_version WHERE component = $1", connection) { Parameters = { new() { Value = component } } };
        var version = read.ExecuteScalar() as int? ?? 0;
        StoreMismatchException.ThrowIfNewer(component, version, scripts.Count);
        foreach (var script in scripts.Skip(version))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(script)!);
            Execute(connection, reader.ReadToEnd());
        }

        using var write = new NpgsqlCommand(
            "INSERT INTO schema_version (component, version) VALUES ($1, $2) ON CONFLICT (component) DO UPDATE SET version = excluded.version", connection)
        {
            Parameters = { new() { Value = component }, new() { Value = scripts.Count } },
        };
        write.ExecuteNonQuery();
        transaction.Commit();
    }

    internal ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) =>
        Source.OpenConnectionAsync(cancellationToken).WithTimeoutAsync(PostgresSignIn.Timeout, cancellationToken);

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    public override string ToString() => "[secret]";

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
