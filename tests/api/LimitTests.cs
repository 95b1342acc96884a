using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace CapOrleans.Tests.Api;

/// <summary>Senders that exceed a limit, and the list of limits.</summary>
[Collection(NodeCollection.Name)]
public sealed class LimitTests(NodeFixture node)
{
    [Fact]
    public async Task A_reporter_over_its_CapID_s_limit_gets_a_time_to_retry_at()
    {
        var key = await node.RegisterAsync("PACE-01");
        using var policy = await node.Operator.PostAsync("/v1/caps/PACE-01/changes", NodeFixture.Json("""{"change":{"policy":{"reportsPerMinute":2}}}"""u8.ToArray()));
        Assert.Equal(HttpStatusCode.OK, policy.StatusCode);

        var batch = string.Join('\n', Enumerable.Range(1, 4).Select(i => TestIncident.Signed(key, "PACE-01", $"P-{i}", TimeProvider.System.GetUtcNow()).ToJsonString()));
        using var content = new StringContent(batch, System.Text.Encoding.UTF8, "application/x-ndjson");
        using var answer = await node.Api.PostAsync("/v1/incidents:batch", content);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToList();
        Assert.Equal([201, 201, 429, 503], lines.Select(line => line.GetProperty("status").GetInt32()));
        Assert.All(lines.Where(line => line.GetProperty("status").GetInt32() == 429), line =>
            Assert.Equal("urn:caporleans:problem:too-many-reports", line.GetProperty("problem").Text("type")));
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);

        Assert.Equal(2, (await node.Api.GetFromJsonAsync<JsonElement>("/v1/caps/PACE-01")).GetProperty("incidents").GetInt64());
    }

    [Fact]
    public async Task Duplicates_of_an_incident_do_not_use_up_its_reporter_s_quota()
    {
        var key = await node.RegisterAsync("PACE-02");
        using var policy = await node.Operator.PostAsync("/v1/caps/PACE-02/changes", NodeFixture.Json("""{"change":{"policy":{"reportsPerMinute":3}}}"""u8.ToArray()));
        Assert.Equal(HttpStatusCode.OK, policy.StatusCode);
        var incident = TestIncident.Signed(key, "PACE-02", "P-1", TimeProvider.System.GetUtcNow());
        using var first = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);

        var other = (System.Text.Json.Nodes.JsonObject)incident.DeepClone();
        other["description"] = "altered by whoever carries it";
        var replays = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(i % 2 == 0 ? incident : other));
            return answer.StatusCode;
        }));
        Assert.Equal(100, replays.Count(status => status == HttpStatusCode.OK));
        Assert.Equal(100, replays.Count(status => status == HttpStatusCode.Conflict));
        foreach (var (id, status) in new[] { ("P-2", HttpStatusCode.Created), ("P-3", HttpStatusCode.Created), ("P-4", HttpStatusCode.TooManyRequests) })
        {
            using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(key, "PACE-02", id, TimeProvider.System.GetUtcNow())));
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Fact]
    public async Task The_table_of_limits_is_what_the_service_answers()
    {
        var rows = (await node.Api.GetFromJsonAsync<JsonElement>("/v1/limits")).EnumerateArray()
            .Select(limit => $"| `{limit.Text("name")}` | {limit.GetProperty("value").GetInt64():N0} | {limit.Text("unit")} | {limit.Text("of")} | {limit.Text("refusal")} |");
        var table = File.ReadLines(Repository.File("docs", "limits.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal));
        Assert.Equal(rows, table);
    }
}
