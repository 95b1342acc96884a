using System.Net;
using System.Net.Sockets;
using CapOrleans.AuditLog.Postgres;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using Npgsql;

namespace CapOrleans.Tests.AuditLog.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresLogTests(PostgresServer server) : AuditLogTests, IAsyncLifetime
{
    private readonly List<PostgresDatabase> databases = [];
    private string connectionString = "";

    public async Task InitializeAsync() => connectionString = PostgresDatabase.ReadUrl(await server.CreateAsync())!;

    public async Task DisposeAsync()
    {
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }
    }

    protected override async Task<long> OffsetsAsync()
    {
        await using var count = databases[0].Source.CreateCommand("SELECT count(*) FROM consumer_offset");
        return (long)(await count.ExecuteScalarAsync())!;
    }

    [Fact]
    public async Task Nodes_that_start_at_once_make_the_schema_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Open())));
        await using var count = databases[0].Source.CreateCommand("SELECT version FROM schema_version WHERE component = 'audit-log'");
        Assert.Equal(16, await count.ExecuteScalarAsync());
    }

    [Fact]
    public void A_database_keeps_the_number_of_logs_it_was_created_with()
    {
        Open();
        Assert.Contains("LOGS=1", Assert.Throws<StoreMismatchException>(() => PostgresDatabase.Open(connectionString, 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_of_a_newer_program_is_left_alone()
    {
        var database = Open();
        await using var newer = database.Source.CreateCommand("UPDATE schema_version SET version = 99");
        await newer.ExecuteNonQueryAsync();
        Assert.Contains("version 99", Assert.Throws<StoreMismatchException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_writers_that_both_believe_they_own_the_log_cannot_both_commit()
    {
        var (one, two) = (NewWriter(), NewWriter());
        var head = await one.OpenAsync(0, default);
        var wins = 0;
        for (var round = 0; round < 20; round++)
        {
            var attempts = new[] { one, two }.Select(async writer =>
            {
                try
                {
                    return (LogHead?)(await writer.CommitAsync(0, head, [new Append { Entries = [new EntryDraft("test.entry", [(byte)round])] }], default)).Head;
                }
                catch (LogFencedException)
                {
                    return null;
                }
            });
            var winner = Assert.Single(await Task.WhenAll(attempts), outcome => outcome is not null)!;
            Assert.Equal(head.Size + 1, winner.Size);
            head = winner;
            wins++;
        }

        Assert.Equal(wins, (await NewReader().ReadAsync(0, 0, 100, default)).Entries.Count);
    }

    [Fact]
    public async Task A_writer_that_stops_half_way_blocks_no_other()
    {
        var writer = NewWriter();
        await writer.OpenAsync(0, default);
        await using var stopped = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(databases[0].ConnectionString) { ApplicationName = "caporleans log 0" }.ToString());
        await stopped.OpenAsync();
        await using var transaction = await stopped.BeginTransactionAsync();
        await using (var locked = new NpgsqlCommand("SELECT 1 FROM log_head WHERE log = 0 FOR UPDATE", stopped))
        {
            await locked.ExecuteScalarAsync();
        }

        var next = NewWriter();
        var head = await next.OpenAsync(0, default);
        var (after, _) = await next.CommitAsync(0, head, [new Append { Entries = [new EntryDraft("test.entry", [1])] }], default);
        Assert.Equal(1, after.Size);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync()); // the server has terminated its session
    }

    [Fact]
    public async Task Duplicates_make_a_writer_look_before_it_writes()
    {
        var writer = NewWriter();
        var head = await writer.OpenAsync(0, default);
        (head, _) = await writer.CommitAsync(0, head, [new Append { Entries = [Draft("register")], Expected = new ExpectedVersion("Z", 0, 0), Context = new("Z", 1, "Z", 50m, 1.2m, 0.9m, []) }], default);
        (head, _) = await writer.CommitAsync(0, head, [Incident("known")], default);
        var before = await TransactionAsync();
        for (var i = 0; i < 20; i++)
        {
            (head, var outcomes) = await writer.CommitAsync(0, head, [Incident("known"), Incident($"new-{i}")], default);
            Assert.Equal([AppendVerdict.AlreadyAccepted, AppendVerdict.Appended], outcomes.Select(outcome => outcome.Verdict));
        }

        // Every attempt that writes uses up a transaction id, even if it fails; this query uses one, and the server a
        // few.
        Assert.InRange(await TransactionAsync() - before, 21, 30);
    }

    [Theory]
    [InlineData("postgres://me:p%40ss@db.example:6000/cap", "db.example", 6000, "me", "p@ss", "cap")]
    [InlineData("postgresql://me@db/cap", "db", 5432, "me", null, "cap")]
    [InlineData("Host=db;Port=7;Username=me;Password=x;Database=cap", "db", 7, "me", "x", "cap")]
    public void A_database_is_named_as_a_URL_or_in_the_driver_s_own_form(string text, string host, int port, string user, string? password, string name)
    {
        var read = new NpgsqlConnectionStringBuilder(PostgresDatabase.ReadUrl(text));
        Assert.Equal((host, port, user, password, name), (read.Host, read.Port, read.Username, read.Password, read.Database));
    }

    [Fact]
    public async Task A_program_that_took_over_the_server_s_port_gets_no_password()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var heard = new List<byte>();
        var impostor = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            var (stream, buffer) = (client.GetStream(), new byte[4096]);
            foreach (var answer in (byte[][])[[(byte)'N'], [(byte)'R', 0, 0, 0, 8, 0, 0, 0, 3], []]) // no TLS; asks for the password in clear text
            {
                heard.AddRange(buffer.AsSpan(0, await stream.ReadAsync(buffer)));
                await stream.WriteAsync(answer);
            }
        });
        var url = PostgresDatabase.ReadUrl($"postgres://caporleans:s3cret-word@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/cap")!;
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Task.Run(() => PostgresDatabase.Open(url, 1)));
        await impostor;
        Assert.Contains("caporleans", System.Text.Encoding.ASCII.GetString([.. heard]), StringComparison.Ordinal); // the client did connect to it
        Assert.DoesNotContain("s3cret-word", System.Text.Encoding.ASCII.GetString([.. heard]), StringComparison.Ordinal);
        Assert.Equal("None", new NpgsqlConnectionStringBuilder(PostgresDatabase.ReadUrl("Host=db;Database=cap;Require Auth=None")).RequireAuth);
    }

    [Theory]
    [InlineData("postgres://db")]
    [InlineData("nonsense")]
    [InlineData("Host=db")]
    [InlineData("http://db/cap")]
    public void What_names_no_database_is_refused(string text) => Assert.Null(PostgresDatabase.ReadUrl(text));

    protected override IAuditLogWriter NewWriter() => new PostgresLogWriter(Open());

    protected override IAuditLogReader NewReader() => new PostgresLogReader(Open());

    private async Task<long> TransactionAsync()
    {
        await using var ask = databases[0].Source.CreateCommand("SELECT pg_current_xact_id()::text::bigint");
        return (long)(await ask.ExecuteScalarAsync())!;
    }

    private PostgresDatabase Open()
    {
        var database = PostgresDatabase.Open(connectionString, 1);
        lock (databases)
        {
            databases.Add(database);
        }

        return database;
    }
}
