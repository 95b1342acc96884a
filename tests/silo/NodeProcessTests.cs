using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CapOrleans.Tests.Silo;

/// <summary>The node as a separate process: killed, restarted, misconfigured.</summary>
public sealed class NodeProcessTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly int apiPort = Child.FreePort();
    private readonly int gatePort = Child.FreePort();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_killed_node_has_every_incident_that_it_acknowledged()
    {
        using var chain = await DevChain.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        var promised = new ConcurrentDictionary<string, string>();
        var offered = new ConcurrentDictionary<string, JsonObject>();
        using (var first = await StartAsync(chain))
        {
            var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
            var enough = new TaskCompletionSource();
            var senders = Enumerable.Range(0, 16).Select(sender => Task.Run(async () =>
            {
                for (var i = 0; ; i++)
                {
                    var incident = TestIncident.Signed(key, "SYS-CORE", $"K-{sender}-{i}", TimeProvider.System.GetUtcNow(), members => members["severity"] = "critical");
                    var id = (string)incident["task_id"]!;
                    offered[id] = incident;
                    try
                    {
                        using var answer = await http.PostAsync("/v1/incidents", NodeFixture.Json(incident));
                        if (answer.StatusCode == HttpStatusCode.Created)
                        {
                            promised[id] = await answer.Content.ReadAsStringAsync();
                        }
                    }
                    catch (HttpRequestException)
                    {
                        return; // the node was killed
                    }

                    if (promised.Count >= 400)
                    {
                        enough.TrySetResult();
                    }
                }
            })).ToList();
            await enough.Task;
            first.Kill9();
            await Task.WhenAll(senders);
        }

        using var second = await StartAsync(chain);
        foreach (var (id, receipt) in promised)
        {
            using var again = await http.PostAsync("/v1/incidents", NodeFixture.Json(offered[id]));
            Assert.Equal((HttpStatusCode.OK, receipt), (again.StatusCode, await again.Content.ReadAsStringAsync()));
        }

        // The consumers finish what was pending: everything is archived and anchored, each incident exactly once.
        await Eventually.TrueAsync(async () => (await http.GetFromJsonAsync<JsonElement>("/health/ready"))
            .GetProperty("consumers").EnumerateArray().All(consumer => consumer.GetProperty("lag").GetInt64() == 0));
        var log = (await http.GetFromJsonAsync<JsonElement>("/audit_log")).EnumerateArray().Select(record => record.Text("incident_id")).ToList();
        Assert.Equal(log.Distinct(), log);
        Assert.Subset(log.ToHashSet(), promised.Keys.ToHashSet());
        Assert.Subset(offered.Keys.ToHashSet(), log.ToHashSet());
        var cap = await http.GetFromJsonAsync<JsonElement>("/v1/caps/SYS-CORE");
        Assert.Equal((log.Count, log.Count * -0.078m), (cap.GetProperty("incidents").GetInt32(), cap.GetProperty("score").GetDecimal()));
        var last = await http.GetFromJsonAsync<JsonElement>($"/v1/incidents/SYS-CORE/{log[^1]}");
        var seen = JsonElement.Parse(await Child.RunAsync(
            "node", Repository.File("tests", "clients", "read-chain.mjs"), chain.Url.ToString(),
            last.GetProperty("anchor").Text("contract"), log[^1], "SYS-CORE"));
        Assert.Single(seen.GetProperty("events").EnumerateArray());
        Assert.Equal("critical", seen.GetProperty("record").Text("severity"));
    }

    [Fact]
    public async Task Without_a_chain_incidents_are_accepted_and_anchors_wait_and_say_so()
    {
        using var node = await StartAsync(null);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
        using var answer = await http.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(key, "SYS-CORE", "N-1", TimeProvider.System.GetUtcNow())));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        await Eventually.TrueAsync(async () => (await http.GetFromJsonAsync<JsonElement>("/health/ready")).GetProperty("consumers")
            .EnumerateArray().Single(consumer => consumer.Text("consumer") == "anchor").GetProperty("lastError").GetString()?.Contains("RPC_URL", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task The_rate_of_one_address_is_limited()
    {
        using var node = await StartAsync(null, new() { ["Intake__PerSecondPerAddress"] = "1" });
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => http.PostAsync("/v1/incidents", NodeFixture.Json("{"u8.ToArray()))));
        var limited = answers.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.NotNull(limited.Headers.RetryAfter);
        Assert.Equal("urn:caporleans:problem:too-many-requests", (await limited.Content.ReadFromJsonAsync<JsonElement>()).Text("type"));
        foreach (var path in (string[])["/openapi/v1.json", "/docs/", "/v1/incidents", "/orleans/", "/nowhere"])
        {
            await Eventually.TrueAsync(async () =>
            {
                using var answer = await http.GetAsync(path);
                return answer.StatusCode == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter is not null;
            });
        }

        using var live = await http.GetAsync("/health/live");
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public async Task Bodies_that_are_broken_off_leave_no_line_in_the_log_of_either_front()
    {
        using var node = await StartAsync(null);
        (int Port, string Path, string Type)[] fronts =
        [
            (apiPort, "/v1/incidents", "json"), (apiPort, "/v1/incidents:batch", "x-ndjson"), (apiPort, "/register_alert", "json"), (gatePort, "/gate_receive", "json"),
        ];
        foreach (var (port, path, type) in fronts)
        {
            for (var i = 0; i < 50; i++)
            {
                using var socket = new TcpClient("127.0.0.1", port) { LingerState = new LingerOption(enable: i % 2 == 0, seconds: 0) };
                await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                    $"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/{type}\r\nContent-Length: 500\r\n\r\n{{\"task_id\""));
            }
        }

        using var http = new HttpClient();
        Assert.Equal("live", await http.GetStringAsync($"http://127.0.0.1:{apiPort}/health/live"));
        node.Signal(15);
        Assert.Equal(0, await node.ExitAsync());

        // Orleans logs calls that it can no longer route while it stops; these are none of the fronts'.
        var lines = node.Output.Split('\n').Where(line => !line.Contains(": Orleans.", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(lines, line => line.Contains("Exception", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("fail:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unsigned_incident_is_logged_as_unverified_where_the_operator_wants_it_and_moves_no_score()
    {
        using var node = await StartAsync(null, new() { ["Intake__Unsigned"] = "AcceptAsUnverified" });
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        var incident = new JsonObject { ["task_id"] = "U-1", ["cap_id"] = "SYS-CORE", ["agent"] = "old.client", ["timestamp"] = TestIncident.Text(TimeProvider.System.GetUtcNow()), ["m_e"] = 1 };
        using var answer = await http.PostAsync("/incident", NodeFixture.Json(incident));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var view = await http.GetFromJsonAsync<JsonElement>("/v1/incidents/SYS-CORE/U-1");
        Assert.Equal(("unverified", 0m, JsonValueKind.Null), (view.Text("scheme"), view.GetProperty("deltaCap").GetDecimal(), view.GetProperty("signer").ValueKind));
        Assert.Equal(0m, (await http.GetFromJsonAsync<JsonElement>("/v1/caps/SYS-CORE")).GetProperty("score").GetDecimal());
    }

    [Fact]
    public async Task Off_loopback_only_signed_intake_and_health_are_open()
    {
        using var node = await StartAsync(null, new() { ["BIND"] = "0.0.0.0", ["CHAIN_ID"] = "31337", ["Api__TlsTerminatedByProxy"] = "true" });
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        string[] closed = ["/audit_log", "/audit", "/v1/incidents", "/v1/audit", "/v1/caps/SYS-CORE", "/orleans/", "/orleans/DashboardCounters"];
        foreach (var path in closed)
        {
            using var stranger = await http.GetAsync(path);
            Assert.True(stranger.StatusCode == HttpStatusCode.Unauthorized, path);
        }

        using var webhook = await http.PostAsync("/register_alert", NodeFixture.Json(new JsonObject { ["url"] = "http://127.0.0.1:1/" }));
        Assert.Equal(HttpStatusCode.Unauthorized, webhook.StatusCode);
        var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
        using var accepted = await http.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(key, "SYS-CORE", "B-1", TimeProvider.System.GetUtcNow())));
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);

        var token = (await File.ReadAllTextAsync(directory.File("data/admin-token"))).Trim();
        foreach (var (scheme, value) in ((string, string)[])[("bearer", token), ("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"me:{token}")))])
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(scheme, value);
            Assert.Equal("B-1", (await http.GetFromJsonAsync<JsonElement>("/audit_log"))[0].Text("incident_id"));
        }
    }

    [Theory]
    [InlineData("127.0.0.1", "true", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", "false", HttpStatusCode.Unauthorized)]
    [InlineData("0.0.0.0", "true", HttpStatusCode.Unauthorized)]
    public async Task Only_a_setting_lets_old_clients_register_without_a_key_and_only_on_loopback(string bind, string open,
        HttpStatusCode status)
    {
        using var node = await StartAsync(null, new() { ["BIND"] = bind, ["CHAIN_ID"] = "31337", ["Api__TlsTerminatedByProxy"] = "true", ["Auth__OpenRegistrationOnLoopback"] = open });
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        using var registered = await http.PostAsync("/register_alert",
            NodeFixture.Json(new JsonObject { ["url"] = "http://127.0.0.1:1/" }));
        Assert.Equal(status, registered.StatusCode);
        using var elsewhere = new HttpRequestMessage(HttpMethod.Post,
            "/register_alert") { Content = NodeFixture.Json(new JsonObject { ["url"] = "http://127.0.0.1:2/" }) };
        elsewhere.Headers.Host = "elsewhere.example";
        using var rebound = await http.SendAsync(elsewhere);
        Assert.NotEqual(HttpStatusCode.OK, rebound.StatusCode);
        using var api = await http.GetAsync("/v1/webhooks");
        Assert.Equal(HttpStatusCode.Unauthorized, api.StatusCode);
    }

    [Fact]
    public async Task Beyond_loopback_this_machine_is_no_receiver()
    {
        using var node = await StartAsync(null, new() { ["BIND"] = "0.0.0.0", ["CHAIN_ID"] = "31337", ["Api__TlsTerminatedByProxy"] = "true" });
        await using var receiver = await WebhookReceiver.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer",
            (await File.ReadAllTextAsync(directory.File("data/admin-token"))).Trim());
        foreach (var path in (string[])["/register_alert", "/v1/webhooks"])
        {
            using var literal = await http.PostAsJsonAsync(path, new { url = receiver.Url });
            Assert.Equal((HttpStatusCode.BadRequest, "urn:caporleans:problem:webhook-address"),
                (literal.StatusCode, (await literal.Content.ReadFromJsonAsync<JsonElement>()).Text("type")));
        }

        using var named = await http.PostAsJsonAsync("/v1/webhooks",
            new { url = receiver.Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) });
        var id = (await named.Content.ReadFromJsonAsync<JsonElement>()).Text("id");
        using var test = await http.PostAsync($"/v1/webhooks/{id}/test", null);
        Assert.Equal("""{"delivered":false,"code":null,"error":"refused-address"}""", await test.Content.ReadAsStringAsync());
        Assert.Equal(0, receiver.Attempts);
    }

    [Fact]
    public async Task A_killed_node_makes_its_outstanding_deliveries_after_the_restart()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        var port = Child.FreePort();
        JsonObject incident;
        using (var first = await StartAsync(null))
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer",
                (await File.ReadAllTextAsync(directory.File("data/admin-token"))).Trim());
            using var made = await http.PostAsJsonAsync("/v1/webhooks", new { url = $"http://127.0.0.1:{port}/hook" });
            var id = (await made.Content.ReadFromJsonAsync<JsonElement>()).Text("id");
            var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
            incident = TestIncident.Signed(key, "SYS-CORE", "W-1", TimeProvider.System.GetUtcNow(), members =>
                members["severity"] = "critical");
            using var accepted = await http.PostAsync("/v1/incidents", NodeFixture.Json(incident));
            Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
            await Eventually.TrueAsync(async () =>
                (await http.GetStringAsync($"/v1/webhooks/{id}/deliveries?state=waiting")).Contains("no-answer", StringComparison.Ordinal));
            first.Kill9();
        }

        await using var receiver = await WebhookReceiver.StartAsync(port: port);
        using var second = await StartAsync(null);
        var delivery = await receiver.NextAsync();
        Assert.Equal("SYS-CORE/W-1", delivery.Body.Text("subject"));
        var request = JsonNode.Parse(delivery.Body.GetProperty("data").Text("request"))!;
        Assert.Equal((string?)incident["signature"], (string?)request["signature"]);
    }

    [Fact]
    public async Task A_ladder_survives_the_end_of_its_node_at_each_step()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
        var (levels, ids) = (new List<long>(), new HashSet<string>());
        for (var level = 1; level <= 3; level++)
        {
            using var node = await StartAsync(null);
            if (level == 1)
            {
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer",
                    (await File.ReadAllTextAsync(directory.File("data/admin-token"))).Trim());
                using var made = await http.PostAsJsonAsync("/v1/webhooks", new { url = receiver.Url, kinds = (string[])["paged"] });
                var steps = Enumerable.Repeat(new
                {
                    webhooks = (string[])[(await made.Content.ReadFromJsonAsync<JsonElement>()).Text("id")], waitSeconds = 10,
                }, 3);
                using var put = await http.PutAsJsonAsync("/v1/ladders/core", new { caps = "SYS-*", levels = steps });
                Assert.Equal(HttpStatusCode.OK, put.StatusCode);
                var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
                using var accepted = await http.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(
                    key, "SYS-CORE", "L-1", TimeProvider.System.GetUtcNow(), members => members["severity"] = "critical")));
                Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
            }

            var page = await receiver.NextAsync();
            while (!ids.Add(page.Id))
            {
                page = await receiver.NextAsync(); // killed before the arrival was recorded: the same page again, with the same id
            }

            levels.Add(page.Body.GetProperty("data").GetProperty("level").GetInt64());
            node.Kill9();
        }

        Assert.Equal([1, 2, 3], levels);
        using var last = await StartAsync(null);
        await Eventually.TrueAsync(async () => (await http.GetStringAsync("/v1/incidents/SYS-CORE/L-1/timeline"))
            .Contains("incident.unanswered", StringComparison.Ordinal));
        var timeline = await http.GetStringAsync("/v1/incidents/SYS-CORE/L-1/timeline");
        Assert.Equal(3, timeline.Split("\"incident.paged\"").Length - 1);
        Assert.All(((int[])[1, 2, 3]), level => Assert.Contains($"level {level} of 3, round 1", timeline, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_node_on_the_same_directory_is_refused()
    {
        using var first = await StartAsync(null);
        using var second = Start(null, new() { ["API_PORT"] = $"{Child.FreePort()}", ["GATE_PORT"] = $"{Child.FreePort()}" });
        Assert.Equal(1, await second.ExitAsync());
        Assert.Contains("is used by another node", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_are_readable_by_their_owner_only_and_never_printed()
    {
        using var node = await StartAsync(null);
        foreach (var name in (string[])["identity.key", "admin-token", "webhook-secret"])
        {
            var file = directory.File($"data/{name}");
            await Eventually.TrueAsync(() => File.Exists(file) || name == "webhook-secret");
            if (File.Exists(file))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
                Assert.DoesNotContain((await File.ReadAllTextAsync(file)).Trim(), node.Output, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_port_in_use_ends_the_start_with_one_clear_line()
    {
        using var first = await StartAsync(null);
        using var other = new TempDirectory();
        using var second = Start(null, new() { ["DATA_DIR"] = other.File("data") });
        Assert.NotEqual(0, await second.ExitAsync());
        Assert.Contains($"{apiPort}", second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_there_ends_with_one_clear_line_without_its_password()
    {
        using var node = Start(null, new() { ["DATABASE_URL"] = $"postgres://me:hidden@127.0.0.1:{Child.FreePort()}/cap" });
        Assert.Equal(1, await node.ExitAsync());
        Assert.StartsWith("The database of DATABASE_URL cannot be used", node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", node.Output, StringComparison.Ordinal);
    }

    private async Task<Child> StartAsync(DevChain? chain, Dictionary<string, string>? changes = null)
    {
        var node = Start(chain, changes ?? []);
        await node.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
        return node;
    }

    private Child Start(DevChain? chain, Dictionary<string, string> changes)
    {
        var environment = new Dictionary<string, string>
        {
            ["DATA_DIR"] = directory.File("data"),
            ["API_PORT"] = $"{apiPort}",
            ["GATE_PORT"] = $"{gatePort}",
            ["DEV_CHAIN_URL"] = chain?.Url.ToString() ?? "",
        };
        foreach (var (name, value) in changes)
        {
            environment[name] = value;
        }

        return Child.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "caporleans.dll")], environment);
    }
}
