using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api;

/// <summary>
/// A misspelt severity would page no one, so it is refused or at least warned about. The legacy calls take any word, as
/// they always did.
/// </summary>
[Collection(NodeCollection.Name)]
public sealed class SeverityTests(NodeFixture node)
{
    [Fact]
    public async Task An_unknown_severity_is_refused_by_name_unless_the_policy_allows_free_words()
    {
        var key = await node.RegisterAsync("FREE-1");
        var (status, refused) = await SendAsync("/v1/incidents", Incident(key, "FREE-1", "F-1"));
        Assert.Equal((HttpStatusCode.BadRequest, "severity"), (status, refused.Text("field")));
        Assert.Contains("freeSeverity", refused.Text("rule"), StringComparison.Ordinal);

        using var change = await node.Operator.PostAsync(
            "/v1/caps/FREE-1/changes", NodeFixture.Json("""{"change":{"policy":{"freeSeverity":true}}}"""u8.ToArray()));
        Assert.Equal(HttpStatusCode.OK, change.StatusCode);
        (status, var accepted) = await SendAsync("/v1/incidents", Incident(key, "FREE-1", "F-1"));
        Assert.Equal((HttpStatusCode.Created, "critcal"), (status, accepted.Text("severity")));
        Assert.Contains("ranks as normal", accepted.Text("warning"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_legacy_call_accepts_any_severity_with_a_warning()
    {
        var key = await node.RegisterAsync("FREE-2");
        var (status, accepted) = await SendAsync("/incident", Incident(key, "FREE-2", "F-1"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["status", "hash", "warning"], accepted.EnumerateObject().Select(member => member.Name));
        (_, accepted) = await SendAsync("/incident", node.Incident(incident => incident["more"] = 1));
        Assert.Equal(["status", "hash"], accepted.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Unknown_members_are_kept_with_a_warning()
    {
        var (status, accepted) = await SendAsync("/v1/incidents", node.Incident(incident =>
        {
            (incident["security"], incident[new string('x', 100)], incident["ipfs"]) = ("critical", 1, "N/A");
        }));
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal($"Kept, but not used: security, {new string('x', 64)}….", accepted.Text("warning"));
        Assert.False((await SendAsync("/v1/incidents", node.Incident())).Answer.TryGetProperty("warning", out _));
    }

    [Theory]
    [InlineData("Severity", "severity")]
    [InlineData("sevrity", "severity")]
    [InlineData("sevreity", "severity")]
    [InlineData("F-E", "f_e")]
    [InlineData("capPotential", "cap_potential")]
    public async Task A_misspelt_member_is_refused_except_by_the_legacy_calls(string member, string meant)
    {
        JsonObject Misspelt() => node.Incident(incident =>
        {
            Enumerable.Range(0, 10).ToList().ForEach(more => incident[$"more-{more}"] = more);
            incident[member] = "critical";
        });
        var incident = Misspelt();
        foreach (var refusing in (HttpClient[])[node.Api, node.Gate])
        {
            using var answer = await refusing.PostAsync("/v1/incidents", NodeFixture.Json(incident));
            var refused = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Equal((HttpStatusCode.BadRequest, member), (answer.StatusCode, refused.Text("field")));
            Assert.Equal("urn:caporleans:problem:misspelt-member", refused.Text("type"));
            Assert.Contains($"looks like {meant}:", refused.Text("rule"), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, (await SendAsync("/incident", incident)).Status);
        using var received = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(Misspelt()));
        Assert.Equal(HttpStatusCode.OK, received.StatusCode);
    }

    [Fact]
    public async Task What_a_gate_received_by_a_legacy_call_is_accepted_with_its_severity()
    {
        var key = await node.RegisterAsync("FREE-3");
        using var plain = await node.Gate.PostAsync("/v1/incidents", NodeFixture.Json(Incident(key, "FREE-3", "F-1")));
        Assert.Equal(HttpStatusCode.BadRequest, plain.StatusCode);
        Assert.Equal("severity", JsonElement.Parse(await plain.Content.ReadAsStringAsync()).Text("field"));

        using var legacy = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(Incident(key, "FREE-3", "F-1")));
        Assert.Equal(HttpStatusCode.OK, legacy.StatusCode);
        Assert.Contains("critcal", JsonElement.Parse(await legacy.Content.ReadAsStringAsync()).Text("warning"), StringComparison.Ordinal);
        await Eventually.TrueAsync(async () =>
        {
            using var found = await node.Api.GetAsync("/v1/incidents/FREE-3/F-1");
            return found.StatusCode == HttpStatusCode.OK;
        });
    }

    [Theory]
    [InlineData("2", new[] { 400, 201 })]
    [InlineData("1, 2", new[] { 201, 201 })]
    [InlineData(null, new[] { 400, 400 })]
    public async Task A_batch_says_which_of_its_lines_came_by_a_legacy_call(string? legacy, int[] statuses)
    {
        var capId = $"FREE-4-{legacy?.Length}";
        var key = await node.RegisterAsync(capId);
        using var answer = await BatchAsync(legacy, Incident(key, capId, "F-1"), Incident(key, capId, "F-2"));
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(statuses, lines.Select(line => JsonElement.Parse(line).GetProperty("status").GetInt32()));
    }

    [Theory]
    [InlineData("3")]
    [InlineData("0")]
    [InlineData("1;2")]
    public async Task Invalid_line_numbers_are_refused(string legacy)
    {
        using var answer = await BatchAsync(legacy, node.Incident(), node.Incident());
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(BatchLines.AnySeverityHeader, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("field"));
    }

    private static JsonObject Incident(PrivateKey key, string capId, string id) =>
        TestIncident.Signed(key, capId, id, TimeProvider.System.GetUtcNow(), incident => incident["severity"] = "critcal");

    private async Task<HttpResponseMessage> BatchAsync(string? legacy, params JsonObject[] incidents)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/incidents:batch");
        request.Content = new StringContent(string.Join('\n', incidents.Select(incident => incident.ToJsonString())), Encoding.UTF8,
            BatchLines.ContentType);
        if (legacy is not null)
        {
            request.Headers.Add(BatchLines.AnySeverityHeader, legacy);
        }

        return await node.Api.SendAsync(request);
    }

    private async Task<(HttpStatusCode Status, JsonElement Answer)> SendAsync(string path, JsonObject incident)
    {
        using var answer = await node.Api.PostAsync(path, NodeFixture.Json(incident));
        return (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync()));
    }
}
