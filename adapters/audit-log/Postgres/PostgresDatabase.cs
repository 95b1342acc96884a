using System.Data;
using System.Reflection;
using CapOrleans.Core.AuditLog;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>A PostgreSQL database of this service: how it is named, how its connections behave, how its schema grows.</summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    /// <summary>
    /// Each of our questions has its index. A table that grows faster than it is analysed looks small to the planner, who
    /// would then read all of it: a commit at 100,000 incidents was measured five times as dear as at none.
    /// </summary>
    private const string ByIndex = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

    /// <summary>
    /// Connections of one pool; a node has three (log, blocks, Orleans), and one more connection for each log that it writes.
    /// </summary>
    private const int PoolSize = 16;

    /// <summary>
    /// A server that knows the password: whoever has taken the database's port, or sits in between, is not given it. What it is shown
    /// helps it to guess a weak one, and it says how much work that is for both sides: a socket or a certificate keeps it out. Another
    /// way to sign in must be named in the connection string.
    /// </summary>
    private const string ProvenServer = "ScramSHA256";

    private PostgresDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Source = NpgsqlDataSource.Create(connectionString);
    }

    /// <summary>In Npgsql's form; holds the password.</summary>
    public string ConnectionString { get; }

    internal NpgsqlDataSource Source { get; }

    /// <summary>Reads <c>postgres://user:password@host:port/database</c>, or Npgsql's <c>Host=...;Database=...</c>.</summary>
    /// <returns>Null when it is neither.</returns>
    /// <exception cref="FormatException">A part of the URL is not understood; the message names it, and no value.</exception>
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
            builder.RequireAuth ??= ProvenServer;
            builder.Options = $"{builder.Options} -c synchronous_commit=on {ByIndex}".TrimStart(); // ours come last, and count
            return builder.ToString();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Opens the database and brings the log's schema up to date.</summary>
    /// <param name="connectionString">As <see cref="ReadUrl"/> gives it.</param>
    /// <param name="logs">How many logs there are; written at the first start, compared at every other.</param>
    /// <exception cref="StoreMismatchException" />
    public static PostgresDatabase Open(string connectionString, int logs)
    {
        var database = new PostgresDatabase(connectionString);
        database.Migrate("audit-log", typeof(PostgresDatabase).Assembly, ".Postgres.");
        using var fix = database.Source.CreateCommand(LogQueries.FixLayout);
        fix.Parameters.Add(new NpgsqlParameter { Value = logs });
        fix.ExecuteNonQuery();
        using var layout = database.Source.CreateCommand(LogQueries.Layout);
        StoreMismatchException.ThrowIfDividedOtherwise((int)layout.ExecuteScalar()!, logs);
        return database;
    }

    /// <summary>
    /// Applies a component's numbered scripts that were not applied yet, in one transaction; nodes that start at once wait for one another.
    /// </summary>
    /// <param name="component">Whose schema it is; each component counts for itself.</param>
    /// <param name="folder">Part of the names of the embedded scripts.</param>
    /// <exception cref="StoreMismatchException">The schema was written by a newer version.</exception>
    public void Migrate(string component, Assembly assembly, string folder)
    {
        var scripts = assembly.GetManifestResourceNames()
            .Where(name => name.Contains(folder, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToList();
        using var connection = Source.OpenConnection();
        using var transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
        // Any number will do, as long as it is always the same.
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
        Source.OpenConnectionAsync(cancellationToken).InTimeAsync(PostgresSignIn.Timeout, cancellationToken);

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    public override string ToString() => "[secret]";

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
