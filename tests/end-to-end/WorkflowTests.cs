using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using CapOrleans.Core.Archive;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Tests.EndToEnd;

/// <summary>The five steps of the reference workflow, on real parts.</summary>
[Collection(NodeCollection.Name)]
public sealed class WorkflowTests(NodeFixture node)
{
    [Fact]
    public async Task A_signed_incident_goes_from_the_hook_to_log_archive_chain_and_webhook()
    {
        // The vector with Cap^P 3.5, F_E 0.65, M_E 0.15.
        var vector = Vectors.Load("delta-cap.json").GetProperty("cases").EnumerateArray().Single(item => item.GetProperty("cap_potential").GetDecimal() == 3.5m);
        var key = await node.RegisterAsync("WEB-01", 3.5m);
        await using var receiver = await WebhookReceiver.StartAsync();
        using var registered = await node.Operator.PostAsJsonAsync("/register_alert", new { url = receiver.Url });
        Assert.Equal($$"""{"status":"hook_registered","url":"{{receiver.Url}}"}""", await registered.Content.ReadAsStringAsync());

        // 1. The hook signs the incident. 2. The gate accepts it.
        var incident = TestIncident.Signed(key, "WEB-01", "NGINXFAIL-3fa9c1", TimeProvider.System.GetUtcNow(), members =>
        {
            (members["severity"], members["description"]) = ("critical", "Überlast – nginx 🚨");
            (members["f_e"], members["m_e"]) = (vector.GetProperty("f_e").GetDecimal(), vector.GetProperty("m_e").GetDecimal());
        });
        using var answer = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(incident));
        Assert.Equal("""{"status":"received","cap_id":"WEB-01"}""", await answer.Content.ReadAsStringAsync());

        // 3. It is in the log, with the dCap of the vector.
        var view = await node.SettledAsync("WEB-01", "NGINXFAIL-3fa9c1");
        var deltaCap = vector.GetProperty("feedback_delta_4dp").GetDecimal();
        Assert.Equal((deltaCap, "critical", key.Address.ToString()), (view.GetProperty("deltaCap").GetDecimal(), view.Text("severity"), view.Text("signer")));
        var cap = await node.Api.GetFromJsonAsync<JsonElement>("/v1/caps/WEB-01");
        Assert.Equal((deltaCap, 1L), (cap.GetProperty("score").GetDecimal(), cap.GetProperty("incidents").GetInt64()));

        // 4. The archive returns the canonical record, which matches its CID and its audit hash.
        var cid = view.GetProperty("archive").Text("cid");
        var block = await node.Api.GetByteArrayAsync($"/ipfs/{cid}");
        Assert.True(Cid.TryParse(cid, out var parsed) && parsed.Matches(block));
        Assert.Equal(view.Text("auditHash"), Convert.ToHexStringLower(SHA256.HashData(block)));

        // 5. The chain has the event, and the record for old readers; both read by an independent library.
        var chain = JsonElement.Parse(await Child.RunAsync(
            "node", Repository.File("tests", "clients", "read-chain.mjs"), node.Chain.Url.ToString(),
            view.GetProperty("anchor").Text("contract"), "NGINXFAIL-3fa9c1", "WEB-01"));
        var anchored = Assert.Single(chain.GetProperty("events").EnumerateArray());
        Assert.Equal("0x" + view.Text("auditHash"), anchored.Text("auditHash"));
        Assert.Equal(view.GetProperty("log").GetProperty("index").GetInt64(), anchored.GetProperty("index").GetInt64());
        Assert.Equal((3, "0.0879"), (anchored.GetProperty("severity").GetInt32(), anchored.Text("deltaCap")));
        var record = chain.GetProperty("record");
        Assert.Equal(("WEB-01", "capos.local", "critical", cid), (record.Text("capId"), record.Text("responsibleAgent"), record.Text("severity"), record.Text("ipfsHash")));
        Assert.Equal("0x" + Convert.ToHexStringLower(RecordHash.Of(incident.ToJsonString(), deltaCap)), record.Text("incidentHash"));

        // And the registered receiver was notified, with the record and a signature.
        var delivery = await receiver.NextAsync();
        Assert.Equal(
            ["incident_id", "cap_id", "agent", "severity", "description", "timestamp", "audit_hash"],
            delivery.Body.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("NGINXFAIL-3fa9c1", view.Text("auditHash")), (delivery.Body.Text("incident_id"), delivery.Body.Text("audit_hash")));
        Assert.StartsWith("v1,", delivery.Signature, StringComparison.Ordinal);

        // The gate escalated immediately, with the incident on standard input and its names in the environment.
        await Eventually.TrueAsync(() => File.Exists(node.EscalationFile));
        Assert.EndsWith(" WEB-01 NGINXFAIL-3fa9c1 critical\n", await File.ReadAllTextAsync(node.EscalationFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chain_that_lost_its_state_is_anchored_again()
    {
        using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(node.Incident(incident => incident["task_id"] = "LOST-1")));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var before = await node.SettledAsync("SYS-CORE", "LOST-1");
        var log = before.GetProperty("log").Text("origin").Split('/')[^1];

        await node.Chain.CallAsync("anvil_reset");
        using var next = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(node.Incident(incident => incident["task_id"] = "LOST-2")));
        Assert.Equal(HttpStatusCode.Created, next.StatusCode);
        await Eventually.TrueAsync(async () =>
            (await node.Api.GetFromJsonAsync<JsonElement>($"/v1/audit?limit=500&log={log}&after={before.GetProperty("log").GetProperty("index").GetInt64()}")).GetProperty("items").EnumerateArray().Any(entry => entry.Text("kind") == "anchor.lost"));
        var after = await node.SettledAsync("SYS-CORE", "LOST-1");
        var code = await node.Chain.CallAsync("eth_getCode", after.GetProperty("anchor").Text("contract"), "latest");
        Assert.NotEqual("0x", code.GetString());
        var receipt = await node.Chain.CallAsync("eth_getTransactionReceipt", after.GetProperty("anchor").Text("transaction"));
        Assert.Equal("0x1", receipt.Text("status"));
        Assert.Equal(before.GetProperty("log").Text("leafHash"), after.GetProperty("log").Text("leafHash"));
    }
}
