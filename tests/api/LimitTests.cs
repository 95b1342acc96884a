using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace CapOrleans.Tests.Api;

/// <summary>Who sends too much, and where that is written.</summary>
[Collection(NodeCollection.Name)]
public sealed class LimitTests(NodeFixture node)
{
    [Fact]
    public async Task A_reporter_that_sends_more_than_its_CapID_allows_is_told_when_to_come_again()
    {
        var key = await node.RegisterAsync("PACE-01");
        using var policy = await node.Operator.PostAsync("/v1/caps/PACE-01/changes", NodeFixture.Json("""{"change":{"policy":{"reportsPerMinute":2}}}"""u8.ToArray()));
        Assert.Equal(HttpStatusCode.OK, policy.StatusCode);

        var batch = string.Join('\n', Enumerable.Range(1, 4).Select(i => TestIncident.Signed(key, "PACE-01", $"P-{i}", TimeProvider.System.GetUtcNow()).ToJsonString()));
        using var content = new StringContent(batch, System.Text.Encoding.UTF8, "application/x-ndjson");
        using var answer = await node.Api.PostAsync("/v1/incidents:batch", content);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToList();
        Assert.Equal([201, 201, 429, 429], lines.Select(line => line.GetProperty("status").GetInt32()).Order());
        Assert.All(lines.Where(line => line.GetProperty("status").GetInt32() == 429), line =>
            Assert.Equal("urn:caporleans:problem:too-many-reports", line.GetProperty("problem").Text("type")));
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);

        using var gate = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(TestIncident.Signed(key, "PACE-01", "P-5", TimeProvider.System.GetUtcNow())));
        Assert.Equal(HttpStatusCode.TooManyRequests, gate.StatusCode);
        Assert.InRange(gate.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);
        Assert.Equal(2, (await node.Api.GetFromJsonAsync<JsonElement>("/v1/caps/PACE-01")).GetProperty("incidents").GetInt64());
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
