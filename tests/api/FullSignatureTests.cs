using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api;

/// <summary>Incidents with every field signed.</summary>
[Collection(NodeCollection.Name)]
public sealed class FullSignatureTests(NodeFixture node)
{
    [Fact]
    public async Task What_was_proven_is_in_the_log()
    {
        var incident = node.Incident(change => change["agent"] = "a|b").SignFull(node.Reporter);
        using var answer = await SendAsync(incident);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var body = (await EntryAsync(answer)).GetProperty("body");
        Assert.Equal((FullV2.Scheme, "31337"), (body.Text("scheme"), body.Text("chainId")));
        using var again = await SendAsync(incident);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task Other_content_under_the_same_signature_used_to_conflict_and_is_now_a_forgery()
    {
        foreach (var (incident, status) in new[]
        {
            (node.Incident(), HttpStatusCode.Conflict),
            (node.Incident().SignFull(node.Reporter), HttpStatusCode.Forbidden),
        })
        {
            (await SendAsync(incident)).Dispose();
            incident["description"] = "something else";
            using var changed = await SendAsync(incident);
            Assert.Equal(status, changed.StatusCode);
        }
    }

    [Fact]
    public async Task An_altered_spelling_on_the_way_does_not_cost_the_sender_its_receipt()
    {
        var sent = node.Incident().SignFull(node.Reporter);
        var carried = sent.DeepClone().AsObject();
        (carried["f_e"], carried["signature"]) = ("0.50", ((string)carried["signature"]!)[2..].ToUpperInvariant());
        using var first = await SendAsync(carried);
        using var second = await SendAsync(sent);
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        sent["m_e"] = 0.2;
        using var other = await SendAsync(sent.SignFull(node.Reporter));
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
    }

    [Fact]
    public async Task Another_chain_s_signature_is_refused_here_and_at_the_gate()
    {
        var incident = node.Incident().SignFull(node.Reporter, chainId: 1);
        using var refused = await SendAsync(incident);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var atTheGate = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(incident));
        Assert.Equal(HttpStatusCode.Forbidden, atTheGate.StatusCode);
        using var taken = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(node.Incident().SignFull(node.Reporter)));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task A_wallet_is_told_what_to_sign()
    {
        var types = JsonNode.Parse(await node.Api.GetStringAsync("/v1/signing/typed-data"))!.AsObject();
        Assert.False(types.ContainsKey("message"));
        var data = JsonNode.Parse(await node.Api.GetStringAsync(
            "/v1/signing/typed-data?task_id=W-1&cap_id=SYS-CORE&agent=wallet&timestamp=2026-11-24T12:00:00Z&severity=high&f_e=0.25"))!;
        Assert.Equal(("W-1", "250000000000000000", "0"), ((string?)data["message"]!["incidentId"], (string?)data["message"]!["feedback"], (string?)data["message"]!["misuse"]));
        using var refused = await node.Api.GetAsync("/v1/signing/typed-data?task_id=W-1");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);

        // Too long for a URL.
        var report = new JsonObject
        {
            ["task_id"] = "W-1", ["cap_id"] = "SYS-CORE", ["agent"] = "wallet", ["timestamp"] = "2026-11-24T12:00:00Z",
                ["severity"] = "high",
            ["f_e"] = "0.25", ["description"] = new string('\u00fc', 4000),
        };
        using var answer = await node.Api.PostAsync("/v1/signing/typed-data", NodeFixture.Json(report));
        var posted = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal((4000, "250000000000000000"), (((string?)posted["message"]!["description"])!.Length, (
            string?)posted["message"]!["feedback"]));
        foreach (var body in (string[])["[]", "{", "{}"])
        {
            using var wrong = await node.Api.PostAsync("/v1/signing/typed-data", new StringContent(body, null, "application/json"));
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        }
    }

    private Task<HttpResponseMessage> SendAsync(JsonObject incident) => node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));

    private async Task<JsonElement> EntryAsync(HttpResponseMessage answer)
    {
        var log = JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("log");
        var number = log.Text("origin").Split('/')[^1];
        var page = JsonElement.Parse(await node.Api.GetStringAsync($"/v1/audit?log={number}&limit=1&after={log.GetProperty("index").GetInt64() - 1}"));
        return page.GetProperty("items")[0].GetProperty("entry");
    }
}
