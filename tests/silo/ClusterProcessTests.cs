using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Bench.Chaos;

namespace CapOrleans.Tests.Silo;

/// <summary>
/// Three silos and an API as separate processes, over a real PostgreSQL, under as much load as the answers allow.
/// </summary>
[Collection(PostgresCollection.Name)]
public sealed class ClusterProcessTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private string database = "";
    private Cluster? cluster;

    public async Task InitializeAsync()
    {
        database = await postgres.CreateAsync();
        cluster = new Cluster(directory.File("data"), database, silos: 3, logs: 3);
        await cluster.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await cluster!.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task All_silos_may_be_replaced_under_load_and_no_request_fails()
    {
        using var webhook = await cluster!.Http.PostAsync("/register_alert",
            NodeFixture.Json(new System.Text.Json.Nodes.JsonObject { ["url"] = "http://127.0.0.1:1/" }));
        Assert.Equal(HttpStatusCode.OK, webhook.StatusCode);
        using var senders = new Senders(cluster, await cluster.RegisterAsync(6), 64, 1_000_000);
        senders.Start();
        await PromisedAsync(senders, 500);
        foreach (var silo in cluster.Silos)
        {
            silo.Process.Signal(15);
            Assert.True(await silo.Process.ExitAsync() == 0, silo.Process.Output);
            await silo.StartAsync();
            await PromisedAsync(senders, 500);
        }

        await senders.StopAsync();
        Assert.Empty(senders.UnexpectedAnswers);
        Assert.Empty((await Checker.RunAsync(database, logs: 3, senders.Promised, senders.Offered)).Findings);
        Assert.Equal(senders.Offered.Count, senders.Promised.Count);
        var consumers = (await cluster.Http.GetFromJsonAsync<JsonElement>("/health/ready")).GetProperty("consumers").EnumerateArray();
        Assert.Equal(3, consumers.Count(consumer => consumer.Text("consumer").StartsWith("notify/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_native_command_does_a_host_s_and_an_operator_s_work_against_a_cluster()
    {
        var cap = new CapCommand(directory.Path, ("DATA_DIR", directory.File("data")), ("API_PORT", $"{cluster!.ApiPort}"), ("SIGNER_ADDRESS", ""));
        async Task<JsonElement> DoneAsync(params string[] arguments)
        {
            var (code, output) = await cap.RunAsync([.. arguments, "--json"]);
            Assert.True(code == 0, output);
            return JsonElement.Parse(output.Split('\n')[^1]);
        }

        var key = await DoneAsync("keygen", "--out", directory.File("host.key"));
        await DoneAsync("register", "NATIVE-1", "--key", key.Text("address"));
        await File.WriteAllTextAsync(directory.File("i.json"), """{"cap_id":"NATIVE-1","severity":"critical","description":"disk full","f_e":0.5,"m_e":0.1}""");
        var accepted = await DoneAsync("send", directory.File("i.json"), "--full", "--key", directory.File("host.key"));
        Assert.Equal("full-v2", accepted.Text("scheme"));
        Assert.Equal(accepted.GetProperty("deltaCap").GetDecimal(), (await DoneAsync("show", "NATIVE-1")).GetProperty("score").GetDecimal());
        await DoneAsync("key", "revoke", "NATIVE-1", "--key", key.Text("address"), "--reason", "test");
        Assert.Equal(1, (await cap.RunAsync("send", directory.File("i.json"), "--key", directory.File("host.key"))).Code);
    }

    private static Task PromisedAsync(Senders senders, int more)
    {
        var before = senders.Promised.Count;
        return Eventually.TrueAsync(() => senders.Promised.Count >= before + more);
    }
}
