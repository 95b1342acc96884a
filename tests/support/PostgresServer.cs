using CapOrleans.AuditLog.Postgres;
using Npgsql;

namespace CapOrleans.Tests.Support;

[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>
{
    public const string Name = "postgres";
}

/// <summary>A real, private PostgreSQL on a free port, with fsync on; gone afterwards.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly int port = Child.FreePort();
    private Child? server;
    private string password = "";
    private int databases;

    public async Task InitializeAsync()
    {
        // The server runs as a user of its own, who must reach its folder.
        File.SetUnixFileMode(directory.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        server = Child.Start(Repository.File("deploy", "postgres"), [directory.File("postgres"), $"{port}"]);
        await server.LineAsync("ready to accept connections", TimeSpan.FromSeconds(30));
        password = await File.ReadAllTextAsync(directory.File("postgres/password"));
    }

    public async Task DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        server!.Signal(2);
        await server.ExitAsync();
        server.Dispose();
        directory.Dispose();
    }

    /// <returns>The URL of an empty database.</returns>
    public async Task<string> CreateAsync()
    {
        var name = $"t{Interlocked.Increment(ref databases)}";
        await using var source = NpgsqlDataSource.Create(PostgresDatabase.ReadUrl(Url("postgres"))!);
        await using var create = source.CreateCommand($"CREATE DATABASE {name}");
        await create.ExecuteNonQueryAsync();
        return Url(name);
    }

    private string Url(string database) => $"postgres://caporleans:{password}@127.0.0.1:{port}/{database}";
}
