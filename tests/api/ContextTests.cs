using System.Globalization;
using System.Net.Http.Json;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.Json;
using CapOrleans.Contracts;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api;

/// <summary>Which keys may report for a CapID, and who may change that.</summary>
[Collection(NodeCollection.Name)]
public sealed class ContextTests(NodeFixture node)
{
    private static int count;

    private readonly string capId = $"CTX-{Interlocked.Increment(ref count)}";
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();
    private readonly PrivateKey admin = PrivateKey.Create();

    [Fact]
    public async Task A_key_is_rotated_without_a_gap_and_the_old_one_is_refused_at_once()
    {
        var old = await RegisterAsync();
        var fresh = PrivateKey.Create();
        Assert.Equal(HttpStatusCode.OK, await ChangeAsync(admin, 1, AddKey(fresh)));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (await ReportAsync(old, "A"), await ReportAsync(fresh, "B")));
        var before = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        Assert.Equal(HttpStatusCode.OK, await ChangeAsync(admin, 2, Revoke(old)));
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Created), (await ReportAsync(old, "C", before), await ReportAsync(fresh, "D")));
        Assert.Equal(HttpStatusCode.OK, await ReportAsync(old, "A")); // history is not rewritten
    }

    [Fact]
    public async Task Keys_are_rotated_under_load_and_no_valid_incident_is_refused()
    {
        const int PerSecond = 200, Rotations = 8;
        using var host = new SteadyHost(PerSecond, await RegisterAsync(), (key, number) => ReportAsync(key, $"R-{number}", TimeProvider.System.GetUtcNow()));
        for (var rotation = 0; rotation < Rotations; rotation++)
        {
            var fresh = PrivateKey.Create();
            Assert.Equal(HttpStatusCode.OK, await ChangeAsync(admin, 1 + (2 * rotation), AddKey(fresh)));
            await host.SentAsync(PerSecond / 4);
            var old = await host.SwitchAsync(fresh);
            Assert.Equal(HttpStatusCode.OK, await ChangeAsync(admin, 2 + (2 * rotation), Revoke(old)));
            await host.SentAsync(PerSecond / 4);
        }

        var answers = await host.StopAsync();
        Assert.All(answers, status => Assert.Equal(HttpStatusCode.Created, status));
        Assert.InRange(answers.Count, PerSecond * Rotations / 2, int.MaxValue);
        Assert.Equal(answers.Count, (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/caps/{capId}")).GetProperty("incidents").GetInt32());
    }

    [Fact]
    public async Task A_change_is_made_once_and_an_old_one_cannot_be_played_again()
    {
        var reporter = await RegisterAsync();
        var first = await SignedAsync(admin, 1, Policy("pagingFloor", "critical"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(first));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(first)); // already applied
        Assert.Equal(HttpStatusCode.OK, await ChangeAsync(admin, 2, Policy("pagingFloor", "high")));
        Assert.Equal(HttpStatusCode.Conflict, await PostAsync(first));
        Assert.Equal(HttpStatusCode.Forbidden, await ChangeAsync(reporter, 3, Policy("pagingFloor", "normal")));
        var cap = await node.Api.GetFromJsonAsync<JsonElement>($"/v1/caps/{capId}");
        Assert.Equal(("high", 3), (cap.GetProperty("policy").Text("pagingFloor"), cap.GetProperty("version").GetInt32()));
    }

    [Fact]
    public async Task A_change_without_a_signature_needs_an_operator()
    {
        await RegisterAsync();
        var body = new JsonObject { ["change"] = Policy("deltaCapLimit", 2) };
        using var stranger = await node.Api.PostAsync($"/v1/caps/{capId}/changes", NodeFixture.Json(body));
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        using var changed = await node.Operator.PostAsync($"/v1/caps/{capId}/changes", NodeFixture.Json(body));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, await ChangeAsync(admin, 2, Policy("deltaCapLimit", 100)));
        Assert.Equal(HttpStatusCode.Conflict, await ChangeAsync(admin, 2, Revoke(admin)));
        body["afterVersion"] = 1;
        ((JsonObject)body["change"]!)["policy"]!["deltaCapLimit"] = 3;
        using var late = await node.Operator.PostAsync($"/v1/caps/{capId}/changes", NodeFixture.Json(body));
        Assert.Equal("stale-version", ProblemTypes.NameIn(await late.Content.ReadAsByteArrayAsync()));
    }

    [Theory]
    [InlineData("""{"change":{}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{}""", HttpStatusCode.BadRequest)]
    [InlineData("""[]""", HttpStatusCode.BadRequest)]
    [InlineData("""{"change":{"policy":{}},"signature":"0x00"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"change":{"policy":{"unknown":1}}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"CHANGE":{"policy":{}},"signature":"x"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"change":{"policy":{}},"Change":{"policy":{"maxAheadSeconds":1}}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"change":{"revokeKey":{"address":"0x00"}}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"change":{"addKey":{"address":"0x0000000000000000000000000000000000000000"}}}""", HttpStatusCode.BadRequest)]
    public async Task A_change_that_cannot_be_made_is_refused(string body, HttpStatusCode status)
    {
        await RegisterAsync();
        using var refused = await node.Operator.PostAsync($"/v1/caps/{capId}/changes", NodeFixture.Json(System.Text.Encoding.UTF8.GetBytes(body)));
        Assert.Equal(status, refused.StatusCode);
        Assert.Equal(1, (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/caps/{capId}")).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task The_score_keeps_to_the_policy()
    {
        var reporter = await RegisterAsync();
        using var changed = await node.Operator.PutAsJsonAsync($"/v1/caps/{capId}", new { policy = new { selfFeedback = "misuse-only" } });
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal(HttpStatusCode.Created, await ReportAsync(reporter, "A")); // F_E 0.5, M_E 0.1
        Assert.Equal(-0.09m, (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/caps/{capId}")).GetProperty("score").GetDecimal());
    }

    [Fact]
    public async Task A_correction_is_a_new_entry_and_the_story_adds_up()
    {
        var reporter = await RegisterAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.Created, await ReportAsync(reporter, $"A-{i}")); // -0.0780 each
        }

        var right = new { incidentId = "A-1", deltaCap = 1.5m, reason = "it was the supplier" };
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ => (await CorrectAsync(right)).Status));
        Assert.All(answers, status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Equal(HttpStatusCode.OK, (await CorrectAsync(right with { incidentId = "A-2", deltaCap = 0m })).Status);
        Assert.Equal(("incident-unknown", HttpStatusCode.NotFound), await CorrectAsync(right with { incidentId = "NONE" }));
        Assert.Equal(("invalid-field", HttpStatusCode.BadRequest), await CorrectAsync(right with { deltaCap = 0.00001m }));
        Assert.Equal(("invalid-field", HttpStatusCode.BadRequest), await CorrectAsync(right with { reason = "" }));

        var steps = new List<JsonElement>();
        for (long? after = -1; after is not null;)
        {
            var page = await node.Api.GetFromJsonAsync<JsonElement>($"/v1/caps/{capId}/history?limit=3&after={after}");
            steps.AddRange(page.GetProperty("items").EnumerateArray());
            after = page.GetProperty("next").ValueKind == JsonValueKind.Number ? page.GetProperty("next").GetInt64() : null;
        }

        Assert.Equal((5, 2), (steps.Count(step => step.Text("kind") == "incident.accepted"), steps.Count(step => step.Text("kind") == "score.corrected")));
        var score = (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/caps/{capId}")).GetProperty("score").GetDecimal();
        Assert.Equal((1.5m - (3 * 0.078m), score), (score, steps.Sum(step => step.GetProperty("deltaCap").GetDecimal())));
    }

    [Fact]
    public async Task Concurrent_changes_are_applied_one_after_another()
    {
        await RegisterAsync();
        var answers = await Task.WhenAll(Enumerable.Range(1, 30).Select(async i =>
        {
            using var answer = await node.Operator.PutAsJsonAsync($"/v1/caps/{capId}", new { phi = i });
            return answer.StatusCode;
        }));
        Assert.All(answers, status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Equal(31, (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/caps/{capId}")).GetProperty("version").GetInt32());
    }

    private async Task<(string Type, HttpStatusCode Status)> CorrectAsync<T>(T correction)
    {
        using var answer = await node.Operator.PostAsJsonAsync($"/v1/caps/{capId}/corrections", correction);
        var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.IsSuccessStatusCode ? "" : body.Text("type").Split(':')[^1], answer.StatusCode);
    }

    private static JsonObject AddKey(PrivateKey key) => new() { ["addKey"] = new JsonObject { ["address"] = key.Address.ToString() } };

    private static JsonObject Revoke(PrivateKey key) => new() { ["revokeKey"] = new JsonObject { ["address"] = key.Address.ToString(), ["reason"] = "rotated" } };

    private static JsonObject Policy(string name, JsonNode value) => new() { ["policy"] = new JsonObject { [name] = value } };

    private async Task<PrivateKey> RegisterAsync()
    {
        var reporter = PrivateKey.Create();
        using var answer = await node.Operator.PutAsJsonAsync($"/v1/caps/{capId}", new
        {
            keys = new[] { new { address = reporter.Address.ToString(), roles = new[] { "reporter" } }, new { address = admin.Address.ToString(), roles = new[] { "admin" } } },
        });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return reporter;
    }

    private async Task<HttpStatusCode> ReportAsync(PrivateKey key, string id, DateTimeOffset? at = null)
    {
        using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(key, capId, id, at ?? now)));
        return answer.StatusCode;
    }

    private async Task<HttpStatusCode> ChangeAsync(PrivateKey key, long afterVersion, JsonObject change) => await PostAsync(await SignedAsync(key, afterVersion, change));

    private async Task<JsonObject> SignedAsync(PrivateKey key, long afterVersion, JsonObject change)
    {
        var origin = (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/caps/{capId}")).Text("origin");
        var timestamp = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Rfc8785.Canonicalize(JsonElement.Parse(change.ToJsonString()))));
        return new JsonObject
        {
            ["change"] = change, ["afterVersion"] = afterVersion, ["timestamp"] = timestamp,
            ["signature"] = key.Sign(Authority.Hash(origin, capId, afterVersion, timestamp, hash)).ToString(),
        };
    }

    private async Task<HttpStatusCode> PostAsync(JsonObject body)
    {
        using var answer = await node.Api.PostAsync($"/v1/caps/{capId}/changes", NodeFixture.Json(body));
        return answer.StatusCode;
    }
}
