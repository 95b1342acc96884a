using Npgsql;

namespace CapOrleans.Tests.EndToEnd;

/// <summary>
/// The database that <c>./run --cluster</c> starts: neither its system user nor a client with its password can gain
/// further rights.
/// </summary>
public sealed class DatabaseScriptTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempDirectory directory = new();

    public DatabaseScriptTests() =>
        File.SetUnixFileMode(directory.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);

    public void Dispose() => directory.Dispose();

    [RootFact]
    public async Task Links_in_the_folder_of_the_database_s_user_lead_root_nowhere()
    {
        var (folder, victim) = (directory.File("postgres"), directory.File("victim"));
        await File.WriteAllTextAsync(victim, "root's own");
        File.SetUnixFileMode(victim, OwnerOnly);
        await Child.RunAsync("install", "-d", "-m", "700", "-o", "postgres", folder);
        foreach (var name in (string[])["password", "password.new", "data.new", "pg_hba.conf"])
        {
            await AsPostgresAsync("ln", "-s", victim, Path.Combine(folder, name));
        }

        await using (await Postgres.StartAsync(folder))
        {
            await UntouchedAsync(victim);
            Assert.Equal(OwnerOnly, File.GetUnixFileMode($"{folder}-password"));
            Assert.Equal("root", await OwnerAsync($"{folder}-password"));
            Assert.Equal(OwnerOnly, File.GetUnixFileMode($"{folder}-lock")); // another user who could open it could keep the database from starting
        }

        // Once the database exists, its own user swaps what the next start looks at.
        await AsPostgresAsync("mv", Path.Combine(folder, "data"), Path.Combine(folder, "moved"));
        await AsPostgresAsync("ln", "-s", directory.Path, Path.Combine(folder, "data"));
        using (var refused = Child.Start(Repository.File("deploy", "postgres"), [folder, $"{Child.FreePort()}"]))
        {
            Assert.NotEqual(0, await refused.ExitAsync());
        }

        await UntouchedAsync(victim);
        Assert.Equal(["postgres", "postgres-lock", "postgres-password", "victim"], Directory.GetFileSystemEntries(directory.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_second_server_for_the_same_folder_is_refused_and_the_first_goes_on()
    {
        var folder = directory.File("postgres");
        await using var server = await Postgres.StartAsync(folder);
        using (var second = Child.Start(Repository.File("deploy", "postgres"), [folder, $"{Child.FreePort()}"]))
        {
            Assert.NotEqual(0, await second.ExitAsync());
            Assert.Contains("Another PostgreSQL runs in", second.Output, StringComparison.Ordinal);
        }

        Assert.True(await ExistsAsync(Path.Combine(folder, "data", "postmaster.pid")));
        await using var source = NpgsqlDataSource.Create(server.ConnectionString("caporleans"));
        await using var command = source.CreateCommand("SELECT 1");
        Assert.Equal(1, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task The_password_s_holder_owns_a_database_and_can_run_nothing_on_the_machine()
    {
        await using var server = await Postgres.StartAsync(directory.File("postgres"));
        await using var source = NpgsqlDataSource.Create(server.ConnectionString("caporleans"));
        await using (var make = source.CreateCommand("CREATE TABLE kept (line text)"))
        {
            await make.ExecuteNonQueryAsync();
        }

        foreach (var sql in (string[])
        [
            "COPY kept FROM PROGRAM 'id'", "COPY kept FROM '/etc/passwd'", "SELECT pg_read_file('/etc/passwd')", "CREATE ROLE other SUPERUSER",
            "ALTER ROLE caporleans SUPERUSER", "CREATE DATABASE other", "ALTER SYSTEM SET archive_command = 'id'", "SET ROLE postgres",
        ])
        {
            await using var command = source.CreateCommand(sql);
            var fault = await Assert.ThrowsAsync<PostgresException>(command.ExecuteNonQueryAsync);
            Assert.True(fault.SqlState == PostgresErrorCodes.InsufficientPrivilege, $"{sql}: {fault.MessageText}");
        }

        // The superuser has no password and no way in over the network.
        var superuser = new NpgsqlConnectionStringBuilder(server.ConnectionString("caporleans")) { Username = "postgres" };
        await using var other = new NpgsqlConnection(superuser.ToString());
        var closed = await Assert.ThrowsAsync<PostgresException>(other.OpenAsync);
        Assert.Equal(PostgresErrorCodes.InvalidAuthorizationSpecification, closed.SqlState);
    }

    /// <summary>
    /// Uses find, which fails on a folder that may not be read, where File.Exists would return false.
    /// </summary>
    private static async Task<bool> ExistsAsync(string file) => (await Child.RunAsync("find", Path.GetDirectoryName(file)!, "-name", Path.GetFileName(file))).Contains(file, StringComparison.Ordinal);

    private static Task<string> AsPostgresAsync(params string[] command) =>
        Child.RunAsync("setpriv", ["--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--", .. command]);

    private static async Task UntouchedAsync(string file)
    {
        Assert.Equal(("root", OwnerOnly), (await OwnerAsync(file), File.GetUnixFileMode(file)));
        Assert.Equal("root's own", await File.ReadAllTextAsync(file));
    }

    private static async Task<string> OwnerAsync(string file) => (await Child.RunAsync("stat", "-c", "%U", file)).Trim();
}
