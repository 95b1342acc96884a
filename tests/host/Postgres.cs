using System.Net;
using Npgsql;

namespace CapOrleans.TestHost;

/// <summary>A real, private PostgreSQL with fsync on, in a folder of its own.</summary>
public sealed class Postgres : IAsyncDisposable
{
    private readonly string folder;
    private readonly IPAddress address;
    private readonly int port;
    private Child server;

    private Postgres(string folder, IPAddress address, int port, Child server, string password) =>
        (this.folder, this.address, this.port, this.server, Password) = (folder, address, port, server, password);

    /// <summary>
    /// Id of the server's own process, the only child of the script. Not read from the server's folder, where the
    /// server's user may write anything.
    /// </summary>
    public int ProcessId => int.Parse(File.ReadAllText($"/proc/{server.Id}/task/{server.Id}/children").Trim(), System.Globalization.CultureInfo.InvariantCulture);

    private string Password { get; }

    /// <param name="folder">Created if missing; the server's user must be able to reach it.</param>
    /// <param name="address">Address to listen on besides 127.0.0.1.</param>
    public static async Task<Postgres> StartAsync(string folder, IPAddress? address = null)
    {
        var port = Child.FreePort();
        var server = await StartServerAsync(folder, port, address);
        return new Postgres(folder, address ?? IPAddress.Loopback, port, server, await File.ReadAllTextAsync($"{folder}-password"));
    }

    public string Url(string database) => $"postgres://caporleans:{Password}@{address}:{port}/{database}";

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1", Port = port, Database = database, Username = "caporleans", Password = Password, Timeout = 5, MaxAutoPrepare = 20,
    }.ToString();

    /// <returns>URL of an empty database, owned by the service's user, who cannot create one.</returns>
    public async Task<string> CreateAsync(string name)
    {
        string[] sql = ["psql", "-qX", "-h", Path.Combine(folder, "data"), "-p", $"{port}", "-U", "postgres", "-c", $"CREATE DATABASE {name} OWNER caporleans"];
        string[] command = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--", .. sql] : sql;
        await Child.RunAsync(command[0], command[1..]);
        return Url(name);
    }

    /// <summary>Stops the server and starts it again.</summary>
    /// <param name="immediately">Stops without a clean shutdown, as a crash of the machine would.</param>
    public async Task RestartAsync(bool immediately)
    {
        if (!server.HasExited)
        {
            using var process = System.Diagnostics.Process.GetProcessById(ProcessId);
            await Child.RunAsync("kill", immediately ? "-QUIT" : "-INT", $"{process.Id}");
            await server.ExitAsync();
        }

        server.Dispose();
        server = await StartServerAsync(folder, port, address);
    }

    public async Task EnsureRunningAsync()
    {
        if (server.HasExited)
        {
            await RestartAsync(immediately: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (!server.HasExited)
        {
            server.Signal(15); // not SIGINT, which a program started in the background may ignore
            await server.ExitAsync();
        }

        server.Dispose();
    }

    private static async Task<Child> StartServerAsync(string folder, int port, IPAddress? address)
    {
        string[] arguments = address is null || IPAddress.IsLoopback(address) ? [folder, $"{port}"] : [folder, $"{port}", $"{address}"];
        var server = Child.Start(Repository.File("deploy", "postgres"), arguments);
        await server.LineAsync("ready to accept connections", TimeSpan.FromSeconds(60));
        return server;
    }
}
