using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Delegations;

namespace CapOrleans.Tests.Core.Delegations;

public sealed class DelegationAuditTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_closed_chain_is_valid_in_every_check()
    {
        var result = Audit(Log());
        Assert.All(result.GetProperty("verifications").EnumerateObject(), check => Assert.True(check.Value.GetProperty("valid").GetBoolean()));
        Assert.Equal(
            ["Chain delegation consistent", "All used scopes valid", "ACKs valid"],
            result.GetProperty("verifications").EnumerateObject().Select(check => check.Value.Text("message")));
        var snapshot = result.GetProperty("cap_chain_snapshot");
        Assert.Equal(["A1 \u2192 A3", "A3 \u2192 A7"], snapshot.GetProperty("delegation_chain").EnumerateArray().Select(link => link.GetString()));
        Assert.False(snapshot.GetProperty("incident_flag").GetBoolean());
    }

    [Theory]
    [InlineData("short", "chain_integrity", "Chain too short or missing")]
    [InlineData("broken", "chain_integrity", "Broken delegation between step 0 and 1")]
    [InlineData("scope", "scope_use", "Scope 'delete' used in step 1 was not granted")]
    [InlineData("unconfirmed", "acknowledgements", "Task not confirmed")]
    [InlineData("open", "acknowledgements", "Chain not closed")]
    public void A_fault_is_named_and_raises_the_flag(string fault, string check, string message)
    {
        var log = Log();
        var chain = log["chain"]!.AsArray();
        switch (fault)
        {
            case "short": chain.RemoveAt(1); break;
            case "broken": chain[0]!["delegated_to"] = "A9"; break;
            case "scope": chain[1]!["used_scope"] = new JsonArray("delete"); break;
            case "unconfirmed": log["acknowledgement"]!["task_confirmed"] = false; break;
            default: log["final_ack"]!["status"] = "open"; break;
        }

        var result = Audit(log);
        Assert.Equal(message, result.GetProperty("verifications").GetProperty(check).Text("message"));
        Assert.True(result.GetProperty("cap_chain_snapshot").GetProperty("incident_flag").GetBoolean());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"chain\":7,\"acknowledgement\":[],\"final_ack\":null}")]
    [InlineData("{\"chain\":[1,null,{\"scope\":{}}]}")]
    public void Any_shape_gives_a_result(string log) =>
        Assert.True(Audit(JsonNode.Parse(log)!.AsObject()).GetProperty("cap_chain_snapshot").GetProperty("incident_flag").GetBoolean());

    private static JsonElement Audit(JsonObject log) => JsonElement.Parse(DelegationAudit.Of(JsonElement.Parse(log.ToJsonString()), Now));

    private static JsonObject Log() => JsonNode.Parse("""
        {"cap_id":"Z-001","task":"t","original_issuer":"A1",
         "chain":[{"agent":"A1","delegated_to":"A3","scope":["read","write"],"timestamp":"2025-05-02T12:00:00Z","used_scope":["read"]},
                  {"agent":"A3","delegated_to":"A7","scope":["read"],"timestamp":"2025-05-02T12:01:00Z"}],
         "acknowledgement":{"from":"A7","to":"A1","status":"ok","task_confirmed":true,"timestamp":"2025-05-02T12:02:00Z"},
         "final_ack":{"from":"A1","to":"A7","status":"task_complete_chain_closed","timestamp":"2025-05-02T12:03:00Z"}}
        """)!.AsObject();
}
