using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Caps;

namespace CapOrleans.Tests.Api.Integrations;

/// <summary>Other systems file incidents with a key instead of a signature.</summary>
[Collection(NodeCollection.Name)]
public sealed class IntegrationTests(NodeFixture node)
{
    [Fact]
    public async Task PagerDutys_own_client_triggers_acknowledges_and_resolves()
    {
        await node.RegisterAsync("PD-1");
        var key = (await CreateAsync("PD-1")).Text("key");
        JsonObject Event(string action, string? dedupKey = null, string routingKey = "") => new()
        {
            ["routing_key"] = routingKey.Length > 0 ? routingKey : key, ["event_action"] = action, ["dedup_key"] = dedupKey,
            ["payload"] = new JsonObject { ["summary"] = "no heartbeat", ["source"] = "web|1", ["severity"] = "error" },
        };
        var answers = await EnqueueAsync([
            Event("trigger"), Event("trigger", "disk"), Event("trigger", "disk"), Event("acknowledge", "disk"), Event("resolve", "nothing"),
            Event("trigger", "x", new string('0', 32)), Event("page"),
        ]);
        Assert.Equal([202, 202, 202, 202, 202, 400, 400], answers.Select(answer => answer.GetProperty("status").GetInt32()));
        Assert.Equal(("success", 24), (answers[0].GetProperty("data").Text("status"),
            answers[0].GetProperty("data").Text("dedup_key").Length));
        Assert.Equal("""["'routing_key' must be the key of an integration"]""",
            answers[5].GetProperty("data").GetProperty("errors").GetRawText());

        var incidents = await IncidentsAsync("PD-1");
        Assert.Equal(["open", "acknowledged", "acknowledged"], incidents.Select(incident => incident.Text("state")));
        Assert.All(incidents, incident => Assert.Equal(
            ("unverified", "high", "web 1", "no heartbeat"),
            (incident.Text("scheme"), incident.Text("severity"), incident.Text("agent"), incident.Text("description"))));
        Assert.Equal(
            [true, true, false], incidents.Select(incident => incident.GetProperty("group").GetProperty("isNew").GetBoolean()));

        await EnqueueAsync([Event("resolve", "disk"), Event("trigger", "disk")]);
        Assert.Equal(["open", "resolved", "resolved", "open"], (await IncidentsAsync("PD-1")).Select(incident => incident.Text("state")));
        var entries = await node.AnswerAsync(HttpMethod.Get, "/v1/audit?log=0&limit=500", HttpStatusCode.OK);
        Assert.DoesNotContain(key, entries.GetRawText(), StringComparison.Ordinal);

        // The archive checks each proof again, and has nothing against what nobody signed.
        await Eventually.TrueAsync(async () =>
        {
            var consumers = (await node.AnswerAsync(HttpMethod.Get, "/health/ready", HttpStatusCode.OK)).GetProperty("consumers");
            var archive = consumers.EnumerateArray().First(one => one.Text("consumer") == "archive");
            Assert.Equal(JsonValueKind.Null, archive.GetProperty("lastError").ValueKind);
            return archive.GetProperty("lag").GetInt64() == 0;
        });
        Assert.DoesNotContain(key, string.Concat((await IncidentsAsync("PD-1")).Select(incident => incident.GetRawText())),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_shown_once_files_for_its_CapID_alone_and_ends_with_its_removal()
    {
        await node.RegisterAsync("INT-1");
        var integration = await CreateAsync("INT-1");
        var key = integration.Text("key");
        Assert.Matches("^[0-9a-f]{32}$", key);
        var listed = await node.AnswerAsync(HttpMethod.Get, "/v1/integrations", HttpStatusCode.OK);
        Assert.Contains(integration.Text("id"), listed.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(key, listed.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("hash", listed.GetRawText(), StringComparison.OrdinalIgnoreCase);

        using var alerts = await AlertsAsync(key, Alerts(("firing", "aa11", "critical"), ("firing", "bb22", "warning")));
        Assert.Equal("""{"accepted":2,"known":0,"resolved":0}""", await alerts.Content.ReadAsStringAsync());
        using var again = await AlertsAsync(key, Alerts(("firing", "aa11", "critical"), ("resolved", "bb22", ""), ("resolved", "cc33",
            "")));
        Assert.Equal("""{"accepted":0,"known":1,"resolved":2}""", await again.Content.ReadAsStringAsync());
        Assert.Equal(["critical open", "normal resolved"],
            (await IncidentsAsync("INT-1")).Select(incident => $"{incident.Text("severity")} {incident.Text("state")}"));

        // Another integration of the same CapID neither resolves nor groups with what this one filed.
        var other = (await CreateAsync("INT-1")).Text("key");
        using var half = await AlertsAsync(other, """{"version":"4","alerts":[{"status":"\ud800"}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, half.StatusCode);
        using var others = await AlertsAsync(other, Alerts(("resolved", "aa11", "")));
        Assert.Equal(HttpStatusCode.OK, others.StatusCode);
        Assert.Equal("open", (await IncidentsAsync("INT-1"))[0].Text("state"));

        await node.AnswerAsync(HttpMethod.Delete, $"/v1/integrations/{integration.Text("id")}", HttpStatusCode.NoContent);
        using var refused = await AlertsAsync(key, Alerts(("firing", "dd44", "critical")));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("urn:caporleans:problem:integration-key", (await refused.Content.ReadFromJsonAsync<JsonElement>()).Text("type"));
        var gone = await node.AnswerAsync(HttpMethod.Delete, $"/v1/integrations/{integration.Text("id")}", HttpStatusCode.NotFound);
        Assert.Equal("urn:caporleans:problem:no-such-integration", gone.Text("type"));
    }

    [Theory]
    [InlineData("name", """{"name":"","capId":"SYS-CORE"}""", 400)]
    [InlineData("name", """{"capId":"SYS-CORE"}""", 400)]
    [InlineData("capId", """{"name":"prometheus","capId":"a b"}""", 400)]
    [InlineData("capId", """{"name":"prometheus","capId":"NOBODY-9"}""", 404)]
    public async Task A_wrong_integration_is_refused_with_the_member_at_fault(string field, string body, int status)
    {
        using var answer = await node.Operator.PostAsync("/v1/integrations", new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal((status, field), ((int)answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).Text("field")));
    }

    [Theory]
    [InlineData("version", """{"version":"3","alerts":[]}""")]
    [InlineData("version", "[]")]
    [InlineData("alerts", """{"version":"4"}""")]
    [InlineData("alerts[0]", """{"version":"4","alerts":[{"status":"firing","labels":{},"startsAt":"2026-12-01T00:00:00Z"}]}""")]
    [InlineData("alerts[0]",
        """{"version":"4","alerts":[{"status":"firing","fingerprint":"a/b","labels":{},"startsAt":"2026-12-01T00:00:00Z"}]}""")]
    [InlineData("alerts[0]", """{"version":"4","alerts":[{"status":"firing","fingerprint":"ab","labels":{},"startsAt":"soon"}]}""")]
    [InlineData("alerts[0]", """{"version":"4","alerts":[7]}""")]
    public async Task A_wrong_notification_is_refused_with_the_member_at_fault(string field, string body)
    {
        var key = (await CreateAsync("SYS-CORE")).Text("key");
        using var answer = await AlertsAsync(key, body);
        Assert.Equal((HttpStatusCode.BadRequest, field), (answer.StatusCode,
            (await answer.Content.ReadFromJsonAsync<JsonElement>()).Text("field")));
    }

    [Theory]
    [InlineData("'payload' must be an object", """{"routing_key":"KEY","event_action":"trigger"}""")]
    [InlineData("'payload.summary' is missing or blank",
        """{"routing_key":"KEY","event_action":"trigger","payload":{"source":"a","severity":"info"}}""")]
    [InlineData("'payload.severity' must be one of",
        """{"routing_key":"KEY","event_action":"trigger","payload":{"summary":"a","source":"a","severity":"bad"}}""")]
    [InlineData("'payload.source' must be a string",
        """{"routing_key":"KEY","event_action":"trigger","payload":{"summary":"a","source":7,"severity":"info"}}""")]
    [InlineData("'dedup_key' is missing", """{"routing_key":"KEY","event_action":"resolve"}""")]
    [InlineData("'dedup_key' must be 1 to 255",
        """{"routing_key":"KEY","event_action":"trigger","dedup_key":" x","payload":{"summary":"a","source":"a","severity":"info"}}""")]
    [InlineData("'routing_key' must be 32 characters long", """{"routing_key":"k","event_action":"resolve","dedup_key":"x"}""")]
    [InlineData("must be a JSON object", "[]")]
    [InlineData("must be JSON", """{"routing_key":"a","routing_key":"b"}""")]
    public async Task An_invalid_event_is_answered_as_PagerDuty_does(string error, string body)
    {
        using var answer = await node.Api.PostAsync("/v2/enqueue", new StringContent(
            body.Replace("KEY", (await CreateAsync("SYS-CORE")).Text("key"), StringComparison.Ordinal), Encoding.UTF8, "application/json"));
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.BadRequest, "invalid event"), (answer.StatusCode, problem.Text("status")));
        Assert.Contains(error, problem.GetProperty("errors").GetRawText().Replace("\\u0027", "'", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operator_makes_lists_and_removes_one_by_command()
    {
        using var directory = new TempDirectory();
        var cap = new CapCommand(
            directory.Path, ("DATA_DIR", directory.Path), ("CAP_API", $"{node.Api.BaseAddress}"),
            ("CAP_TOKEN", node.Operator.DefaultRequestHeaders.Authorization!.Parameter!));
        async Task<string> RunAsync(params string[] arguments)
        {
            var (code, output) = await cap.RunAsync(["integration", .. arguments]);
            Assert.True(code == 0, output);
            return output;
        }

        var made = JsonElement.Parse(await RunAsync("create", "nagios", "--cap", "SYS-CORE"));
        Assert.Equal(("nagios", "SYS-CORE", 32), (made.Text("name"), made.Text("capId"), made.Text("key").Length));
        var listed = JsonElement.Parse(await RunAsync("list"));
        Assert.Contains(listed.EnumerateArray(), one => one.Text("id") == made.Text("id"));
        Assert.Equal("removed", (await RunAsync("remove", made.Text("id"))).Trim());
    }

    [Fact]
    public async Task Beyond_the_limit_no_integration_is_made()
    {
        await using var api = await LoneApi.StartAsync(new Dictionary<string, Func<object?[], Task>>
        {
            ["ICapGrain.ReadAsync"] = _ => Task.FromResult(new CapView("A", 1, "A", 50m, 1.2m, 0.9m, [], 0m, 0, CapPolicy.Default, "log")),
            ["IIntegrationsGrain.AddAsync"] = _ => Task.FromResult(false),
        });
        using var answer = await api.Http.PostAsJsonAsync("/v1/integrations", new { name = "one more", capId = "A" });
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.Conflict, "urn:caporleans:problem:integrations-full"), (answer.StatusCode, problem.Text("type")));
    }

    [Fact]
    public async Task A_CapID_that_takes_only_full_signatures_takes_nothing_unsigned()
    {
        await node.RegisterAsync("INT-2");
        var key = (await CreateAsync("INT-2")).Text("key");
        await node.AnswerAsync(HttpMethod.Put, "/v1/caps/INT-2", HttpStatusCode.OK, new { policy = new { requireFullSignature = true } });
        using var answer = await AlertsAsync(key, Alerts(("firing", "aa11", "critical")));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(await IncidentsAsync("INT-2"));
    }

    private Task<JsonElement> CreateAsync(string capId) =>
        node.AnswerAsync(HttpMethod.Post, "/v1/integrations", HttpStatusCode.Created, new { name = "prometheus", capId });

    private async Task<List<JsonElement>> IncidentsAsync(string capId) =>
        [.. (await node.AnswerAsync(HttpMethod.Get, $"/v1/incidents?cap={capId}",
            HttpStatusCode.OK)).GetProperty("items").EnumerateArray()];

    private Task<HttpResponseMessage> AlertsAsync(string key, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/in/alertmanager")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return node.Api.SendAsync(request);
    }

    private static string Alerts(params (string Status, string Fingerprint, string Severity)[] alerts) => new JsonObject
    {
        ["version"] = "4",
        ["alerts"] = new JsonArray([.. alerts.Select(alert => new JsonObject
        {
            ["status"] = alert.Status, ["fingerprint"] = alert.Fingerprint, ["startsAt"] = "2026-12-01T00:00:00.123Z",
            ["labels"] = new JsonObject { ["alertname"] = "Disk", ["severity"] = alert.Severity },
        })]),
    }.ToJsonString();

    private async Task<List<JsonElement>> EnqueueAsync(JsonObject[] events)
    {
        using var directory = new TempDirectory();
        var certificates = new TestCertificates(directory);
        using var authority = TestCertificates.Authority("CN=authority");
        certificates.Write(authority, "authority");
        certificates.Issue(authority, "proxy", TestCertificates.ForServers);
        await File.WriteAllTextAsync(directory.File("events.json"), new JsonArray([.. events]).ToJsonString());
        using var client = Child.Start(
            "/bin/sh",
            ["-c", $"node enqueue.mjs {node.Api.BaseAddress} {directory.File("proxy.pem")} {directory.File("proxy.key")} < {directory.File("events.json")}"],
            new Dictionary<string, string> { ["NODE_EXTRA_CA_CERTS"] = directory.File("authority.pem") },
            Repository.File("tests", "clients", "webhooks"));
        Assert.True(await client.ExitAsync() == 0, client.Output);
        return [.. JsonElement.Parse(client.Output).EnumerateArray()];
    }
}
