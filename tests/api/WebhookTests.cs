using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Notify;

namespace CapOrleans.Tests.Api;

/// <summary>Webhooks through their API, with real receivers.</summary>
[Collection(NodeCollection.Name)]
public sealed class WebhookTests(NodeFixture node)
{
    [Fact]
    public async Task A_webhook_is_registered_with_a_secret_of_its_own_that_is_shown_once_and_signs()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var made = await RegisterAsync(receiver.Url);
        Assert.Equal((receiver.Url, "enabled"), (made.Text("url"), made.Text("state")));
        Assert.StartsWith("key:", made.Text("createdBy"), StringComparison.Ordinal);
        var again = await AnswerAsync(HttpMethod.Post, "/v1/webhooks", HttpStatusCode.OK, new { url = receiver.Url });
        var other = await AnswerAsync(HttpMethod.Post, "/v1/webhooks", HttpStatusCode.Conflict, new { url = receiver.Url,
            minSeverity = "critical" });
        Assert.Equal("urn:caporleans:problem:webhook-exists", other.Text("type"));
        Assert.Equal((made.Text("id"), false), (again.Text("id"), again.TryGetProperty("secret", out _)));
        Assert.DoesNotContain("whsec_", await node.Operator.GetStringAsync("/v1/webhooks"), StringComparison.Ordinal);

        var test = await AnswerAsync(HttpMethod.Post, $"/v1/webhooks/{made.Text("id")}/test", HttpStatusCode.OK);
        Assert.Equal("""{"delivered":true,"code":200,"error":null}""", test.GetRawText());
        var delivery = await receiver.NextAsync();
        Assert.Equal(("caporleans.webhook.test", made.Text("id")), (delivery.Body.Text("type"), delivery.Body.GetProperty("data").Text(
            "webhook")));
        Assert.Equal(Signature(made, delivery), delivery.Signature[..delivery.Signature.LastIndexOf(' ')]);
        await AssertOthersVerifyAsync(made, delivery);
        var tooSoon = await AnswerAsync(HttpMethod.Post, $"/v1/webhooks/{made.Text("id")}/test", HttpStatusCode.TooManyRequests);
        Assert.Equal("urn:caporleans:problem:too-many-tests", tooSoon.Text("type"));

        var rotated = await AnswerAsync(HttpMethod.Post, $"/v1/webhooks/{made.Text("id")}/rotate-secret", HttpStatusCode.OK);
        using var accepted = await node.Api.PostAsync("/v1/incidents",
            NodeFixture.Json(node.Incident(incident => incident["severity"] = "high")));
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        var signed = await receiver.NextAsync();
        Assert.StartsWith($"{Signature(rotated, signed)} {Signature(made, signed)} v1a,", signed.Signature, StringComparison.Ordinal);
        await AssertOthersVerifyAsync(made, signed);
        await AssertOthersVerifyAsync(rotated, signed);
        await RemoveAsync(made);
    }

    [Fact]
    public async Task Readers_see_only_the_id_and_a_category_of_a_failing_receiver()
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: int.MaxValue, refusal: 410);
        var made = await RegisterAsync(receiver.Url);
        var port = new Uri(receiver.Url).Port.ToString(CultureInfo.InvariantCulture);
        using var accepted = await node.Api.PostAsync("/v1/incidents",
            NodeFixture.Json(node.Incident(incident => incident["severity"] = "high")));
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        await Eventually.TrueAsync(async () => (await FindAsync(made)).Text("state") == "disabled");
        var found = await FindAsync(made);
        Assert.Equal(("gone", "status", 410),
            (found.Text("disabledReason"), found.GetProperty("lastError").Text("error"), found.GetProperty("lastError").GetProperty("code")
            .GetInt32()));

        var ready = await node.Api.GetStringAsync("/health/ready");
        Assert.DoesNotContain(made.Text("id"), ready, StringComparison.Ordinal);
        List<JsonElement> entries = [];
        await Eventually.TrueAsync(async () => (entries = await EntriesAsync(made)).Count == 3);
        Assert.Equal(["delivery.exhausted", "webhook.disabled", "webhook.registered"], entries.Select(entry => entry.Text("kind")).Order());
        Assert.DoesNotContain(entries, entry => entry.GetRawText().Contains($":{port}", StringComparison.Ordinal)
            || entry.GetProperty("entry").GetProperty("body").TryGetProperty("code", out _));

        var refused = await AnswerAsync(
            HttpMethod.Post, $"/v1/webhooks/{made.Text("id")}/redeliver", HttpStatusCode.Conflict, new { log = 0, from = 0, to = 1 });
        Assert.Equal("urn:caporleans:problem:webhook-disabled", refused.Text("type"));
        var enabled = await AnswerAsync(HttpMethod.Post, $"/v1/webhooks/{made.Text("id")}/enable", HttpStatusCode.OK);
        Assert.Equal("enabled", enabled.Text("state"));
        Assert.Contains($"notify/{made.Text("id")}", await node.Api.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        await RemoveAsync(made);
    }

    [Fact]
    public async Task A_scope_allows_what_it_promises_and_no_key_allows_nothing()
    {
        const string Url = "http://127.0.0.1:9/scopes";
        using var read = await ClientAsync("read");
        using var operate = await ClientAsync("operate");
        foreach (var (http, status) in new[] { (node.Api, HttpStatusCode.Unauthorized), (read, HttpStatusCode.Forbidden) })
        {
            foreach (var (method, path) in new[] { ("GET", ""), ("POST", ""), ("DELETE", "/1"), ("POST", "/1/test"), ("POST", "/1/enable"),
                ("POST", "/1/rotate-secret") })
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), $"/v1/webhooks{path}") { Content = path.Length == 0
                    && method == "POST" ? JsonContent.Create(new { url = Url }) : null };
                using var refused = await http.SendAsync(request);
                Assert.Equal(status, refused.StatusCode);
            }

            using var old = await http.PostAsJsonAsync("/register_alert", new { url = Url });
            Assert.Equal(status, old.StatusCode);
        }

        using var made = await operate.PostAsJsonAsync("/v1/webhooks", new { url = Url });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var webhook = await made.Content.ReadFromJsonAsync<JsonElement>();
        using var rotation = await operate.PostAsync($"/v1/webhooks/{webhook.Text("id")}/rotate-secret", null);
        Assert.Equal(HttpStatusCode.Forbidden, rotation.StatusCode);
        using var removed = await operate.DeleteAsync($"/v1/webhooks/{webhook.Text("id")}");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
    }

    [Fact]
    public async Task A_missing_webhook_is_404_and_a_forbidden_address_is_400()
    {
        foreach (var (method, path) in new[] { (HttpMethod.Delete, ""), (HttpMethod.Post, "/test"), (HttpMethod.Post, "/enable"),
            (HttpMethod.Post, "/rotate-secret") })
        {
            var unknown = await AnswerAsync(method, $"/v1/webhooks/0123456789ab{path}", HttpStatusCode.NotFound);
            Assert.Equal(("urn:caporleans:problem:no-such-webhook", "id"), (unknown.Text("type"), unknown.Text("field")));
        }

        foreach (var host in (string[])["10.0.0.1", "169.254.169.254", "[fe80::1]", "0xa.1", "192.168.1.1."])
        {
            foreach (var path in (string[])["/v1/webhooks", "/register_alert"])
            {
                var refused = await AnswerAsync(HttpMethod.Post, path, HttpStatusCode.BadRequest, new { url = $"http://{host}/" });
                Assert.Equal(("urn:caporleans:problem:webhook-address", "url"), (refused.Text("type"), refused.Text("field")));
            }
        }
    }

    [Fact]
    public async Task Deliveries_are_listed_attempt_by_attempt_and_can_be_repeated()
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: 1);
        var made = await AnswerAsync(HttpMethod.Post, "/v1/webhooks", HttpStatusCode.Created,
            new { url = receiver.Url, format = "legacy", caps = "*", minSeverity = "critical", ordered = true });
        Assert.Equal(("legacy", "*", "critical", true),
            (made.Text("format"), made.Text("caps"), made.Text("minSeverity"), made.GetProperty("ordered").GetBoolean()));
        var path = $"/v1/webhooks/{made.Text("id")}";
        var incident = node.Incident(incident => incident["severity"] = "critical");
        using var accepted = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        var id = JsonElement.Parse(await accepted.Content.ReadAsStringAsync()).Text("incidentId");
        var delivery = await receiver.NextAsync(); // the second attempt: five seconds later
        Assert.Equal(id, delivery.Body.Text("incident_id"));
        JsonElement listed = default;
        await Eventually.TrueAsync(async () =>
        {
            listed = (await AnswerAsync(HttpMethod.Get, $"{path}/deliveries?state=delivered", HttpStatusCode.OK)).GetProperty("items");
            return listed.GetArrayLength() == 1;
        });
        Assert.Equal((delivery.Id, id, "critical"), (listed[0].Text("id"), listed[0].Text("incidentId"), listed[0].Text("severity")));
        Assert.Equal(["503:status", "200:"], listed[0].GetProperty("attempts").EnumerateArray()
            .Select(attempt => $"{attempt.GetProperty("code")}:{attempt.GetProperty("error")}"));

        var changed = await AnswerAsync(HttpMethod.Patch, path, HttpStatusCode.OK, new { format = "cloudevents", minSeverity = "" });
        Assert.Equal(("cloudevents", JsonValueKind.Null), (changed.Text("format"), changed.GetProperty("minSeverity").ValueKind));
        var asked = await AnswerAsync(HttpMethod.Post, $"{path}/redeliver", HttpStatusCode.Accepted, new { capId = "SYS-CORE",
            incidentId = id });
        Assert.Equal(1, asked.GetProperty("deliveries").GetInt32());
        var again = await receiver.NextAsync();
        Assert.Equal((delivery.Id, $"SYS-CORE/{id}"), (again.Id, again.Body.Text("subject")));

        // Along with its later updates.
        await AnswerAsync(HttpMethod.Post, $"/v1/incidents/SYS-CORE/{id}/resolve", HttpStatusCode.OK, new { });
        Assert.Equal("caporleans.incident.resolved", (await receiver.NextAsync()).Body.Text("type"));
        await Eventually.TrueAsync(async () => // a delivery in progress is not sent again
            (await AnswerAsync(HttpMethod.Get, $"{path}/deliveries?state=delivered", HttpStatusCode.OK)).GetProperty("items").GetArrayLength() == 2);
        asked = await AnswerAsync(HttpMethod.Post, $"{path}/redeliver", HttpStatusCode.Accepted, new { capId = "SYS-CORE",
            incidentId = id });
        Assert.Equal(2, asked.GetProperty("deliveries").GetInt32());
        string[] types = [(await receiver.NextAsync()).Body.Text("type"), (await receiver.NextAsync()).Body.Text("type")];
        Assert.Equal(["caporleans.incident.accepted", "caporleans.incident.resolved"], types.Order(StringComparer.Ordinal));
        await AssertRefusedAsync(path);
        await RemoveAsync(made);
    }

    private async Task AssertRefusedAsync(string path)
    {
        foreach (var (method, call, body, field) in ((HttpMethod, string, object?, string)[])[
            (HttpMethod.Patch, path, new { format = "xml" }, "format"), (HttpMethod.Patch, path, new { caps = "a b" }, "caps"),
            (HttpMethod.Patch, path, new { minSeverity = "urgent" }, "minSeverity"), (HttpMethod.Get, $"{path}/deliveries?state=lost",
                null, "state"),
            (HttpMethod.Get, $"{path}/deliveries?cursor=1-2", null, "cursor"), (HttpMethod.Post, $"{path}/redeliver",
                new { capId = "SYS-CORE" }, ""),
            (HttpMethod.Post, $"{path}/redeliver", new { log = 0, from = 5, to = 5 }, "to"),
            (HttpMethod.Post, $"{path}/redeliver", new { log = 0, from = 0, to = 1001 }, "to")])
        {
            Assert.Equal(field, (await AnswerAsync(method, call, HttpStatusCode.BadRequest, body)).Text("field"));
        }

        foreach (var (call, body) in ((string, object)[])[($"{path}/redeliver", new { capId = "SYS-CORE", incidentId = "NONE" }),
            ($"{path}/redeliver", new { capId = "\0", incidentId = "NONE" }),
            ($"{path}/redeliver", new { log = 99, from = 0, to = 1 }), ("/v1/webhooks/0123456789ab/redeliver", new { log = 0, from = 0,
                to = 1 })])
        {
            await AnswerAsync(HttpMethod.Post, call, HttpStatusCode.NotFound, body);
        }
    }

    /// <summary>Verifies with the libraries of Standard Webhooks and of Svix, and with Node.js's Ed25519.</summary>
    private async Task AssertOthersVerifyAsync(JsonElement webhook, ReceivedDelivery delivery)
    {
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("delivery.json"), new JsonObject
        {
            ["secret"] = webhook.Text("secret"), ["keys"] = JsonNode.Parse(await node.Api.GetStringAsync("/.well-known/jwks.json")),
            ["headers"] = new JsonObject
            {
                ["webhook-id"] = delivery.Id, ["webhook-timestamp"] = delivery.Timestamp, ["webhook-signature"] = delivery.Signature,
            },
            ["body"] = Convert.ToBase64String(delivery.Bytes),
        }.ToJsonString());
        using var verifier = Child.Start("/bin/sh", ["-c", $"node verify.mjs < {directory.File("delivery.json")}"],
            folder: Repository.File("tests", "clients", "webhooks"));
        Assert.True(await verifier.ExitAsync() == 0, verifier.Output);
        Assert.Equal("""{"standard":true,"svix":true,"v1a":true}""", verifier.Output.Trim());
    }

    private static string Signature(JsonElement webhook, ReceivedDelivery delivery) =>
        WebhookSecret.Parse(webhook.Text("secret"))
            .Sign(delivery.Id, long.Parse(delivery.Timestamp, CultureInfo.InvariantCulture), delivery.Bytes);

    private Task<JsonElement> RegisterAsync(string url) =>
        AnswerAsync(HttpMethod.Post, "/v1/webhooks", HttpStatusCode.Created, new { url });

    private async Task<JsonElement> FindAsync(JsonElement made) =>
        (await node.Operator.GetFromJsonAsync<JsonElement>("/v1/webhooks")).EnumerateArray()
            .Single(webhook => webhook.Text("id") == made.Text("id"));

    private async Task RemoveAsync(JsonElement made)
    {
        using var removed = await node.Operator.DeleteAsync($"/v1/webhooks/{made.Text("id")}");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
    }

    private async Task<JsonElement> AnswerAsync(HttpMethod method, string path, HttpStatusCode status, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await node.Operator.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode, $"{path}: {answer.StatusCode} {text}");
        return JsonElement.Parse(text);
    }

    private async Task<HttpClient> ClientAsync(string scope)
    {
        using var made = await node.Operator.PostAsJsonAsync("/v1/operators", new { name = $"webhooks {scope}", scope });
        var http = new HttpClient { BaseAddress = node.Api.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer",
            (await made.Content.ReadFromJsonAsync<JsonElement>()).Text("key"));
        return http;
    }

    private async Task<List<JsonElement>> EntriesAsync(JsonElement made)
    {
        var entries = new List<JsonElement>();
        for (var log = 0; log < 2; log++)
        {
            for (var after = -1L; ;)
            {
                var page = (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/audit?limit=500&log={log}&after={after}"))
                    .GetProperty("items").EnumerateArray().ToList();
                entries.AddRange(page);
                if (page.Count == 0)
                {
                    break;
                }

                after = page[^1].GetProperty("index").GetInt64();
            }
        }

        return [.. entries.Where(entry => entry.GetRawText().Contains(made.Text("id"), StringComparison.Ordinal))];
    }
}
