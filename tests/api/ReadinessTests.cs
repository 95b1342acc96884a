using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Chain;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Silo;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Api;

/// <summary>What <c>/health/ready</c> reports when the service takes incidents but something is wrong.</summary>
public sealed class ReadinessTests
{
    [Fact]
    public async Task A_chain_that_contradicts_the_log_degrades_the_service_and_intake_goes_on()
    {
        using var directory = new TempDirectory();
        using var chain = await DevChain.StartAsync();
        var (apiPort, gatePort) = (Child.FreePort(), Child.FreePort());
        await using var node = await CapNode.StartAsync(
            new NodeSettings
            {
                DataDirectory = directory.File("data"), Bind = IPAddress.Loopback, ApiPort = apiPort, GatePort = gatePort,
                OpenReadsOnLoopback = false,
                RpcUrls = [chain.Url], IsDevChain = true, ChainId = 31337, CapId = "SYS-CORE", IntakePerSecondPerAddress = 20_000,
                AnchorInterval = TimeSpan.Zero,
                Gate = new GateSettings { Name = "ready" },
            },
            CancellationToken.None);
        using var stranger = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        using var reader = new HttpClient { BaseAddress = stranger.BaseAddress };
        var token = await File.ReadAllTextAsync(directory.File("data/admin-token"));
        reader.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
        Task<HttpResponseMessage> SendAsync(string id) => stranger.PostAsync(
            "/v1/incidents", NodeFixture.Json(TestIncident.Signed(key, "SYS-CORE", id, TimeProvider.System.GetUtcNow())));
        async Task<string> AnchorAsync(string id) =>
            (await reader.GetFromJsonAsync<JsonElement>($"/v1/incidents/SYS-CORE/{id}")).GetProperty("anchor").Text("status");
        using var first = await SendAsync("R-1");
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        await Eventually.TrueAsync(async () => await AnchorAsync("R-1") == "anchored");
        Assert.Equal("""{"status":"ready"}""", await stranger.GetStringAsync("/health/ready"));
        Assert.Equal((HttpStatusCode.Conflict, "no-anchor-conflict"), await RestartAsync(reader, 0));
        Assert.Equal((HttpStatusCode.NotFound, "log-unknown"), await RestartAsync(reader, 1));
        Assert.Equal((HttpStatusCode.NotFound, "log-unknown"), await RestartAsync(reader, -1));
        Assert.Equal((HttpStatusCode.Unauthorized, "unauthenticated"), await RestartAsync(stranger, 0));

        // An attacker has the writer's key.
        var ready = await reader.GetFromJsonAsync<JsonElement>("/health/ready");
        var origin = ready.GetProperty("logs")[0].Text("origin");
        var writer = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/chain-writer.key")));
        using var http = new HttpClient();
        var contract = new AnchorContract(
            new JsonRpcClient(http, chain.Url), new ChainOptions(31337, writer, null, IsDevChain: true), TimeProvider.System);
        await Eventually.TrueAsync(async () =>
        {
            var position = (await contract.ReadPositionAsync(origin, new InMemorySentTransactions(), default)).Position;
            try
            {
                await contract.AnchorAsync(new AnchorBatch(origin, position, position + 1, new byte[32], position + 1, [],
                    []), new InMemorySentTransactions(), default);
                return true;
            }
            catch (ChainUnavailableException)
            {
                return false; // the silo anchored meanwhile
            }
        });

        using var second = await SendAsync("R-2");
        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        await Eventually.TrueAsync(async () => await stranger.GetStringAsync("/health/ready") == """{"status":"degraded"}""");
        var degraded = await reader.GetFromJsonAsync<JsonElement>("/health/ready");
        var anchor = degraded.GetProperty("consumers").EnumerateArray().Single(consumer => consumer.Text("consumer") == "anchor");
        Assert.Equal(("degraded", true), (degraded.Text("status"), anchor.GetProperty("conflict").GetBoolean()));
        Assert.Contains("anchor.conflict", anchor.Text("lastError"), StringComparison.Ordinal);
        Assert.Equal("pending", await AnchorAsync("R-2"));
        Assert.DoesNotContain(degraded.GetProperty("consumers").EnumerateArray(), consumer => consumer.Text("consumer") == "mirror"); // off unless configured

        // An admin resolves it with a command.
        var cap = new CapCommand(directory.Path, ("DATA_DIR", directory.File("data")), ("CAP_API", $"{stranger.BaseAddress}"));
        var (code, output) = await cap.RunAsync("chain", "restart", "--json");
        Assert.True(code == 0, output);
        Assert.StartsWith($"{origin}#", JsonElement.Parse(output).Text("name"), StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => await AnchorAsync("R-2") == "anchored");
        await Eventually.TrueAsync(async () => await stranger.GetStringAsync("/health/ready") == """{"status":"ready"}""");
        Assert.Equal("anchored", await AnchorAsync("R-1"));
        Assert.Equal((HttpStatusCode.Conflict, "no-anchor-conflict"), await RestartAsync(reader, 0));
    }

    private static async Task<(HttpStatusCode, string)> RestartAsync(HttpClient http, int log)
    {
        using var answer = await http.PostAsync($"/v1/logs/{log}/anchors/restart", null);
        var type = (await answer.Content.ReadFromJsonAsync<JsonElement>()).Text("type");
        return (answer.StatusCode, type[(type.LastIndexOf(':') + 1)..]);
    }

    [Fact]
    public async Task A_missing_CapNFT_is_reported_and_anchoring_continues()
    {
        using var directory = new TempDirectory();
        using var chain = await DevChain.StartAsync();
        var address = PrivateKey.Create().Address;
        var apiPort = Child.FreePort();
        await using var node = await CapNode.StartAsync(
            new NodeSettings
            {
                DataDirectory = directory.File("data"), Bind = IPAddress.Loopback, ApiPort = apiPort, GatePort = Child.FreePort(),
                RpcUrls = [chain.Url], IsDevChain = true, ChainId = 31337, CapId = "SYS-CORE", IntakePerSecondPerAddress = 20_000,
                AnchorInterval = TimeSpan.Zero, CapNft = address,
                Gate = new GateSettings { Name = "ready" },
            },
            CancellationToken.None);
        using var reader = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        async Task<JsonElement> ConsumerAsync(string name) => (await reader.GetFromJsonAsync<JsonElement>("/health/ready"))
            .GetProperty("consumers").EnumerateArray().Single(consumer => consumer.Text("consumer") == name);
        await Eventually.TrueAsync(async () => (await ConsumerAsync("mirror")).TryGetProperty("lastError", out var lastError) && lastError.GetString() == $"There is no contract at {address}; check CAP_NFT_ADDRESS.");
        await Eventually.TrueAsync(async () => (await ConsumerAsync("anchor")).GetProperty("lag").GetInt64() == 0);
        Assert.Equal(0, (await ConsumerAsync("mirror")).GetProperty("position").GetInt64());
    }
}
