using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace CapOrleans.Tests.Api.Updates;

/// <summary>The history of an incident, as a postmortem needs it.</summary>
[Collection(NodeCollection.Name)]
public sealed class TimelineTests(NodeFixture node)
{
    private const string CapId = "TIMELINE";

    [Fact]
    public async Task It_lists_each_report_update_and_delivery_with_its_position_in_the_log()
    {
        var key = await node.RegisterAsync(CapId);
        await using var receiver = await WebhookReceiver.StartAsync();
        using var made = await node.Operator.PostAsJsonAsync("/v1/webhooks", new { url = receiver.Url, caps = CapId });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using var sent = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(
            key, CapId, "T-1", TimeProvider.System.GetUtcNow(), one =>
                (one["severity"], one["description"]) = ("critical", "disk | full\n# <b>[x](http://x)</b>"))));
        Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        foreach (var (action, note) in ((string, string)[])[("acknowledge", "on it"), ("resolve", "cleaned up")])
        {
            using var done = await node.Operator.PostAsJsonAsync($"/v1/incidents/{CapId}/T-1/{action}", new { note });
            Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        }

        var settled = await node.SettledAsync(CapId, "T-1");
        JsonElement timeline = default;
        await Eventually.TrueAsync(async () =>
        {
            timeline = await node.Api.GetFromJsonAsync<JsonElement>($"/v1/incidents/{CapId}/T-1/timeline");
            return Events().Count(one => one.Text("kind") == "delivery.succeeded") == 3;
        });
        Assert.Equal(settled.GetProperty("log").GetRawText(), timeline.GetProperty("incident").GetProperty("log").GetRawText());
        Assert.Equal(
            ["anchor.batched", "archive.batched", "delivery.succeeded", "delivery.succeeded", "delivery.succeeded", "incident.accepted",
                "incident.acknowledged", "incident.resolved"],
            Events().Select(one => one.Text("kind")).Order(StringComparer.Ordinal));
        Assert.Equal(Events().Select(one => one.GetProperty("at").GetDateTimeOffset()).Order(), Events().Select(one =>
            one.GetProperty("at").GetDateTimeOffset()));
        var log = Events().ToDictionary(one => $"{one.Text("kind")} {one.GetProperty("index")}");
        Assert.Equal(8, log.Count);
        foreach (var one in Events().Where(one => !one.Text("kind").StartsWith("delivery.", StringComparison.Ordinal)))
        {
            var after = one.GetProperty("index").GetInt64() - 1;
            var entry = await EntryAsync(after);
            Assert.Equal((one.Text("kind"), after + 1), (entry.Text("kind"), entry.GetProperty("index").GetInt64()));
        }

        var markdown = await node.Api.GetStringAsync($"/v1/incidents/{CapId}/T-1/timeline?format=markdown");
        Assert.Contains("| incident.resolved |", markdown, StringComparison.Ordinal);
        Assert.Contains(@"disk \| full \# \<b\>\[x\]\(http\://x\)\</b\>", markdown, StringComparison.Ordinal);
        Assert.All(markdown.Split('\n').Where(line => line.StartsWith("| 20", StringComparison.Ordinal)), line =>
            Assert.Equal(6, line.Replace("\\|", "", StringComparison.Ordinal).Count(character => character == '|')));

        List<JsonElement> Events() => [.. timeline.GetProperty("events").EnumerateArray()];

        async Task<JsonElement> EntryAsync(long after)
        {
            var number = settled.GetProperty("log").Text("origin")[^1];
            return (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/audit?log={number}&after={after}&limit=1")).GetProperty("items")[0];
        }
    }

    [Theory]
    [InlineData("NOBODY/T-1/timeline", 404, "incidentId")]
    [InlineData("SYS-CORE/a%20b/timeline", 404, "incidentId")]
    [InlineData("SYS-CORE/T-1/timeline?format=html", 400, "format")]
    public async Task An_invalid_request_is_refused_by_name(string path, int status, string field)
    {
        using var answer = await node.Api.GetAsync($"/v1/incidents/{path}");
        Assert.Equal((status, field), ((int)answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("field")));
    }
}
