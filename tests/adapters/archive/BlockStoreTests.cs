using System.Text;
using CapOrleans.Archive;
using CapOrleans.AuditLog.Postgres;
using CapOrleans.Core.Archive;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Archive;

[Collection(PostgresCollection.Name)]
public sealed class BlockStoreTests(PostgresServer postgres) : IDisposable
{
    private static readonly byte[] Bytes = Encoding.UTF8.GetBytes("{\"a\": 1}");
    private static readonly Block Record = new(Cid.Of(Cid.Raw, Bytes), Bytes);

    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_block_is_found_by_its_CID_and_may_be_put_twice()
    {
        using var shared = new PostgresBlockStore(PostgresDatabase.ReadUrl(await postgres.CreateAsync())!);
        foreach (var store in (IBlockStore[])[new SqliteBlockStore(directory.File("blocks.db")), shared])
        {
            await store.PutAsync([Record, Record], default);
            await store.PutAsync([Record], default);
            Assert.Equal(Bytes, await store.FindAsync(Record.Cid, default));
            Assert.Null(await store.FindAsync(Cid.Of(Cid.Raw, [1]), default));
        }
    }

    [Fact]
    public async Task A_block_that_was_changed_on_disk_is_not_given_out_and_is_put_right()
    {
        var store = new SqliteBlockStore(directory.File("blocks.db"));
        await store.PutAsync([Record], default);
        await using (var connection = new SqliteConnection($"Data Source={directory.File("blocks.db")}"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE block SET bytes = x'00'";
            await command.ExecuteNonQueryAsync();
        }

        Assert.Null(await store.FindAsync(Record.Cid, default));
        await store.PutAsync([Record], default);
        Assert.Equal(Bytes, await store.FindAsync(Record.Cid, default));
    }

    [Fact]
    public async Task A_block_that_was_changed_in_the_cluster_s_database_is_put_right()
    {
        var database = PostgresDatabase.ReadUrl(await postgres.CreateAsync())!;
        using var store = new PostgresBlockStore(database);
        await store.PutAsync([Record], default);
        await using (var connection = new Npgsql.NpgsqlConnection(database))
        {
            await connection.OpenAsync();
            await using var command = new Npgsql.NpgsqlCommand("UPDATE block SET bytes = '\\x00'", connection);
            await command.ExecuteNonQueryAsync();
        }

        Assert.Null(await store.FindAsync(Record.Cid, default));
        await store.PutAsync([Record, Record], default);
        Assert.Equal(Bytes, await store.FindAsync(Record.Cid, default));
    }

    // A real node cannot be made to answer like this.
    [Theory]
    [InlineData(200, "{\"Key\":\"bafkreiablk6x6xgfpiw5ss3vsdyevwaiijzzaxxdh3c45pvomitwvf7ymi\",\"Size\":8}", "under a different CID")]
    [InlineData(200, "{}", "no usable response")]
    [InlineData(500, "", "with status 500")]
    public async Task A_wrong_answer_of_an_IPFS_node_is_detected(int status, string answer, string fault)
    {
        var url = new Uri($"http://127.0.0.1:{Child.FreePort()}");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url.ToString());
        await using var app = builder.Build();
        app.MapPost("/api/v0/block/put", () => Results.Content(answer, "application/json", statusCode: status));
        await app.StartAsync();
        using var http = new HttpClient();
        var store = new KuboBlockStore(new SqliteBlockStore(directory.File("blocks.db")), new KuboRpc(http, url), TimeProvider.System);
        var thrown = await Assert.ThrowsAsync<IpfsUnavailableException>(() => store.PutAsync([Record], default));
        Assert.Contains(fault, thrown.Message, StringComparison.Ordinal);
        Assert.Equal(Bytes, await store.FindAsync(Record.Cid, default));
    }
}
