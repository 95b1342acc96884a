using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Tests.Silo;

/// <summary>Three silos and an API as processes of their own, over a real PostgreSQL.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ClusterProcessTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Silos = 3;

    private readonly TempDirectory directory = new();
    private readonly int apiPort = Child.FreePort();
    private readonly (int Silo, int Gateway)[] ports = [.. Enumerable.Range(0, Silos).Select(_ => (Child.FreePort(), Child.FreePort()))];
    private readonly Child[] silos = new Child[Silos];
    private readonly ConcurrentDictionary<string, string> promised = new();
    private readonly HttpClient http = new();
    private string database = "";
    private Child? api;

    public async Task InitializeAsync()
    {
        database = await postgres.CreateAsync();
        await Task.WhenAll(Enumerable.Range(0, Silos).Select(StartSiloAsync));
        api = Start(new() { ["ROLES"] = "api", ["API_PORT"] = $"{apiPort}" });
        await api.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
        http.BaseAddress = new Uri($"http://127.0.0.1:{apiPort}");
    }

    public Task DisposeAsync()
    {
        api?.Dispose();
        Array.ForEach(silos, silo => silo.Dispose());
        http.Dispose();
        directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Under_load_silos_may_be_replaced_and_killed_and_every_answer_stays_true()
    {
        using var hook = await http.PostAsync("/register_alert", NodeFixture.Json(new System.Text.Json.Nodes.JsonObject { ["url"] = "http://127.0.0.1:1/" }));
        Assert.Equal(HttpStatusCode.OK, hook.StatusCode);
        using var stop = new CancellationTokenSource();
        var senders = Enumerable.Range(0, 8).Select(sender => Task.Run(() => SendAsync(sender, stop.Token))).ToList();
        await PromisedAsync(100);

        for (var i = 0; i < Silos; i++)
        {
            silos[i].Signal(15);
            Assert.Equal(0, await silos[i].ExitAsync());
            silos[i].Dispose();
            await StartSiloAsync(i);
            await PromisedAsync(promised.Count + 100);
        }

        for (var i = 0; i < Silos; i++)
        {
            silos[i].Kill9();
            await silos[i].ExitAsync();
            await PromisedAsync(promised.Count + 100); // without it
            silos[i].Dispose();
            await StartSiloAsync(i);
        }

        await stop.CancelAsync();
        await Task.WhenAll(senders);
        await AssertEveryPromiseIsKeptOnceAsync();
        var followers = (await http.GetFromJsonAsync<JsonElement>("/health/ready")).GetProperty("followers").EnumerateArray();
        Assert.Contains(followers, follower => follower.Text("follower").StartsWith("notify/", StringComparison.Ordinal));
    }

    /// <summary>A client that obeys <c>Retry-After</c>; anything but 201, 200 and 503 fails the test.</summary>
    private async Task SendAsync(int sender, CancellationToken stop)
    {
        var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key"), CancellationToken.None));
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var incident = TestIncident.Signed(key, "SYS-CORE", $"R-{sender}-{i}", TimeProvider.System.GetUtcNow());
            while (true)
            {
                using var answer = await http.PostAsync("/v1/incidents", NodeFixture.Json(incident), CancellationToken.None);
                if (answer.IsSuccessStatusCode)
                {
                    promised[$"R-{sender}-{i}"] = (await answer.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None)).GetProperty("log").Text("leafHash");
                    break;
                }

                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                await Task.Delay(answer.Headers.RetryAfter!.Delta!.Value, TimeProvider.System, CancellationToken.None);
            }
        }
    }

    private Task PromisedAsync(int count) => Eventually.TrueAsync(() => promised.Count >= count);

    private async Task AssertEveryPromiseIsKeptOnceAsync()
    {
        var logged = new Dictionary<string, string>();
        var ready = await http.GetFromJsonAsync<JsonElement>("/health/ready");
        var log = ready.GetProperty("logs").EnumerateArray().Select(item => item.GetProperty("log").GetInt32()).Single(number => number == new LogMap(Silos).Of("SYS-CORE"));
        for (long? after = -1; after is not null;)
        {
            var page = await http.GetFromJsonAsync<JsonElement>($"/v1/audit?log={log}&limit=500&after={after}");
            foreach (var item in page.GetProperty("items").EnumerateArray().Where(item => item.Text("kind") == "incident.accepted"))
            {
                logged.Add(item.GetProperty("entry").GetProperty("body").Text("incidentId"), item.Text("leafHash")); // throws on a second one
            }

            after = page.GetProperty("next").ValueKind == JsonValueKind.Null ? null : page.GetProperty("next").GetInt64();
        }

        Assert.All(promised, promise => Assert.Equal(promise.Value, logged[promise.Key]));
        var cap = await http.GetFromJsonAsync<JsonElement>("/v1/caps/SYS-CORE");
        Assert.Equal(logged.Count, cap.GetProperty("incidents").GetInt32());
    }

    private async Task StartSiloAsync(int i)
    {
        silos[i] = Start(new() { ["ROLES"] = "silo", ["SILO_PORT"] = $"{ports[i].Silo}", ["GATEWAY_PORT"] = $"{ports[i].Gateway}" });
        await silos[i].LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
    }

    private Child Start(Dictionary<string, string> settings) => Child.Start(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "caporleans.dll")],
        new Dictionary<string, string>(settings) { ["DATA_DIR"] = directory.File("data"), ["DATABASE_URL"] = database, ["DEV_CHAIN_URL"] = "", ["LOGS"] = $"{Silos}" });
}
