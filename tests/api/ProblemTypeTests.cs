using System.Text;
using System.Text.Json;

namespace CapOrleans.Tests.Api;

/// <summary>Problems of single calls that no other test provokes.</summary>
[Collection(NodeCollection.Name)]
public sealed class ProblemTypeTests(NodeFixture node)
{
    private const string Cid = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

    [Theory]
    [InlineData("GET", "/ipfs/nonsense", 400, "invalid-cid")]
    [InlineData("GET", $"/ipfs/{Cid}", 404, "block-unknown")]
    [InlineData("GET", $"/ipfs/{Cid} application/vnd.ipld.dag-json", 406, "not-acceptable")]
    [InlineData("GET", "/v1/incidents?limit=0", 400, "invalid-query")]
    [InlineData("GET", "/v1/incidents?cap=", 400, "invalid-query")]
    [InlineData("GET", "/v1/audit?log=", 400, "invalid-query")]
    [InlineData("GET", "/v1/incidents/SYS-CORE/NONE", 404, "incident-unknown")]
    [InlineData("GET", "/v1/audit?log=9", 404, "log-unknown")]
    [InlineData("GET", "/nowhere", 404, "no-such-resource")]
    [InlineData("DELETE", "/v1/incidents", 405, "method-not-allowed")]
    [InlineData("DELETE", "/v1/operators/00000000", 404, "key-unknown")]
    [InlineData("DELETE", "/v1/gates/none", 404, "no-such-gate")]
    [InlineData("POST", "/v1/logs/99/anchors/restart", 404, "log-unknown")]
    [InlineData("POST", "/v1/incidents", 415, "not-json-content")]
    public async Task A_call_that_cannot_be_answered_says_why(string method, string call, int status, string type)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), call.Split(' ')[0]);
        request.Headers.Add("Accept", call.Split(' ').ElementAtOrDefault(1) ?? "*/*");
        request.Content = method == "POST" ? new StringContent("{}", Encoding.UTF8, "text/plain") : null;
        Assert.Equal((status, type), await AskAsync(node.Operator, request));
    }

    [Theory]
    [InlineData("Host", "elsewhere.example", "other-host")]
    [InlineData("Origin", "https://elsewhere.example", "other-origin")]
    public async Task A_caller_from_another_machine_without_a_key_is_refused(string header, string value, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/incidents");
        request.Headers.TryAddWithoutValidation(header, value);
        Assert.Equal((403, type), await AskAsync(node.Api, request));
    }

    [Fact]
    public async Task An_incident_without_a_signature_is_unsigned()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/incidents") { Content = NodeFixture.Json(node.Incident().Without("signature")) };
        Assert.Equal((403, "unsigned"), await AskAsync(node.Api, request));
    }

    [Fact]
    public async Task A_missing_dead_letter_cannot_be_retried()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/gate/dead/999999/retry");
        request.Headers.Add("Authorization", $"Bearer {node.GateToken}");
        Assert.Equal((404, "no-such-letter"), await AskAsync(node.Gate, request));
    }

    private static async Task<(int Status, string Type)> AskAsync(HttpClient client, HttpRequestMessage request)
    {
        using var answer = await client.SendAsync(request);
        var problem = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal((int)answer.StatusCode, problem.GetProperty("status").GetInt32());
        return ((int)answer.StatusCode, problem.Text("type").Split(':')[^1]);
    }
}
