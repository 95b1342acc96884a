using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.MerkleTree;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api;

[Collection(NodeCollection.Name)]
public sealed class ReadTests(NodeFixture node)
{
    [Fact]
    public async Task The_old_call_answers_the_old_body_with_the_old_hash()
    {
        var incident = node.Incident();
        using var answer = await node.Api.PostAsync("/incident", new ByteArrayContent(incident.Bytes())); // legacy clients may send no content type
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal($$"""{"status":"received","hash":"{{incident.Report().AuditHash}}"}""", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_old_audit_log_lists_records_in_order_of_arrival()
    {
        var incidents = new List<JsonObject>();
        foreach (var capId in (string[])["ORDER-1", "ORDER-2", "ORDER-3", "ORDER-4"])
        {
            incidents.Add(TestIncident.Signed(await node.RegisterAsync(capId), capId, $"OF-{capId}", TimeProvider.System.GetUtcNow()));
        }

        Assert.True(incidents.Select(incident => new LogMap(2).Of((string)incident["cap_id"]!)).Distinct().Count() == 2, "The four are to lie in both logs.");
        foreach (var incident in incidents)
        {
            using var answer = await node.Api.PostAsync("/incident", NodeFixture.Json(incident));
        }

        var log = (await node.Api.GetFromJsonAsync<JsonElement>("/audit_log")).EnumerateArray().ToList();
        var ids = log.Select(record => record.Text("incident_id")).ToList();
        var places = incidents.Select(incident => ids.IndexOf((string)incident["task_id"]!)).ToList();
        Assert.Equal(places.Order().Distinct(), places);
        Assert.DoesNotContain(-1, places);
        Assert.All(log, record => Assert.Equal(
            ["incident_id", "cap_id", "agent", "severity", "description", "timestamp", "audit_hash"],
            record.EnumerateObject().Select(member => member.Name)));
    }

    [Fact]
    public async Task A_registration_without_a_url_gets_the_old_error()
    {
        using var answer = await node.Operator.PostAsync("/register_alert", NodeFixture.Json(new JsonObject()));
        Assert.Equal((HttpStatusCode.BadRequest, """{"error":"no url provided"}"""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_delegation_log_is_audited_and_shown_by_the_old_calls()
    {
        var log = JsonNode.Parse("""
            {"cap_id":"SYS-CORE","chain":[{"agent":"A1","delegated_to":"A3","scope":["r"],"used_scope":["r"]},{"agent":"A3","delegated_to":"A7","scope":[]}],
             "acknowledgement":{"task_confirmed":true},"final_ack":{"status":"task_complete_chain_closed"}}
            """)!.AsObject();
        using var stranger = await node.Api.PostAsync("/v1/delegations", NodeFixture.Json(log));
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        using var audited = await node.Operator.PostAsync("/v1/delegations", NodeFixture.Json(log));
        Assert.Equal(HttpStatusCode.Created, audited.StatusCode);
        var audit = await node.Api.GetFromJsonAsync<JsonElement>("/audit");
        Assert.Equal("success", audit.Text("status"));
        Assert.Equal(await audited.Content.ReadAsStringAsync(), audit.GetProperty("audit").GetRawText());
        var summary = (await node.Api.GetFromJsonAsync<JsonElement>("/audit/summary")).GetProperty("summary");
        Assert.Equal(["cap_id", "timestamp", "chain_valid", "acknowledged", "incident"], summary.EnumerateObject().Select(member => member.Name));
        Assert.True(summary.GetProperty("chain_valid").GetBoolean());
    }

    [Fact]
    public async Task Pages_of_incidents_and_entries_go_on_to_the_end()
    {
        for (var i = 0; i < 5; i++)
        {
            using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(node.Incident(incident => incident["severity"] = "high")));
        }

        var seen = new List<(string, long)>();
        string? cursor = null;
        do
        {
            var page = await node.Api.GetFromJsonAsync<JsonElement>($"/v1/incidents?severity=high&limit=2{(cursor is null ? "" : "&cursor=" + cursor)}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => (item.GetProperty("log").Text("origin")[^1..], item.GetProperty("log").GetProperty("index").GetInt64())));
            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null);
        Assert.True(seen.Count >= 5);
        Assert.Equal(seen.Order().Distinct(), seen);
    }

    [Fact]
    public async Task Any_reader_can_verify_the_log()
    {
        using var none = await node.Api.GetAsync("/v1/audit?log=2");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        var other = Enumerable.Range(0, 100).Select(i => $"CHECKED-{i}").First(capId => new LogMap(2).Of(capId) == 1);
        var key = await node.RegisterAsync(other);
        using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(key, other, "C-1", TimeProvider.System.GetUtcNow())));
        var frontier = new MerkleFrontier();
        for (long? after = -1; after is not null;)
        {
            var page = await node.Api.GetFromJsonAsync<JsonElement>($"/v1/audit?log=1&limit=50&after={after}");
            foreach (var item in page.GetProperty("items").EnumerateArray())
            {
                var leaf = MerkleHash.Leaf(Rfc8785.Canonicalize(item.GetProperty("entry")));
                Assert.Equal(item.Text("leafHash"), Convert.ToHexStringLower(leaf));
                frontier.Append(leaf);
            }

            after = page.GetProperty("next").ValueKind == JsonValueKind.Null ? null : page.GetProperty("next").GetInt64();
        }

        Assert.True(frontier.Size >= 2);
    }

    [Theory]
    [InlineData("/openapi/v1.json", "application/json")]
    [InlineData("/docs/", "text/html")]
    [InlineData("/orleans/", "text/html")]
    [InlineData("/health/live", "text/plain")]
    public async Task Pages_for_people_and_machines_are_there(string path, string type)
    {
        using var answer = await node.Api.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task The_description_is_generated_once_whoever_requests_it_in_whatever_form()
    {
        var first = await node.Api.GetStringAsync("/openapi/v1.json");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json?again=1") { Headers = { Host = "other.example" } };
        using var other = await node.Operator.SendAsync(request);
        Assert.Equal(first, await other.Content.ReadAsStringAsync());
        var paths = JsonElement.Parse(first).GetProperty("paths").EnumerateObject().Select(path => path.Name).ToList();
        Assert.Contains("/v1/incidents", paths);
        Assert.DoesNotContain(paths, path => path.StartsWith("/orleans", StringComparison.Ordinal) || path.StartsWith("/openapi", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_gate_knows_one_call_and_passes_refusals_on()
    {
        using var get = await node.Gate.GetAsync("/gate_receive");
        using var other = await node.Gate.PostAsync("/other", NodeFixture.Json("{}"u8.ToArray()));
        foreach (var answer in (HttpResponseMessage[])[get, other])
        {
            Assert.Equal((HttpStatusCode.NotFound, "Not Found"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
            Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        }

        var stranger = TestIncident.Signed(CapOrleans.Core.Signatures.PrivateKey.Create(), "SYS-CORE", "T-gate", TimeProvider.System.GetUtcNow());
        using var refused = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(stranger));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("signer-not-authorised", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var garbage = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(Encoding.UTF8.GetBytes("{")));
        Assert.Equal(HttpStatusCode.BadRequest, garbage.StatusCode);
        using var large = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(new byte[100_000]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
    }
}
