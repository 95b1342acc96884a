namespace CapOrleans.Tests.Support;

[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>
{
    public const string Name = "postgres";
}

/// <summary>A real, private PostgreSQL on a free port, with fsync on; deleted afterwards.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private Postgres? server;
    private int databases;

    public async Task InitializeAsync()
    {
        // The server runs as a separate user, who must be able to reach its folder.
        File.SetUnixFileMode(directory.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        server = await Postgres.StartAsync(directory.File("postgres"));
    }

    public async Task DisposeAsync()
    {
        await server!.DisposeAsync();
        directory.Dispose();
    }

    /// <returns>The URL of an empty database.</returns>
    public Task<string> CreateAsync() => server!.CreateAsync($"t{Interlocked.Increment(ref databases)}");
}
