using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CapOrleans.Tests.Api;

/// <summary>A reporter that is a contract (EIP-1271), on a real chain, with signatures by another library.</summary>
[Collection(NodeCollection.Name)]
public sealed class ContractWalletTests(NodeFixture node)
{
    private const string CapId = "VAULT-01";

    private readonly string timestamp = TestIncident.Text(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task Only_what_a_contract_wallet_confirms_is_accepted()
    {
        var data = await node.Api.GetStringAsync($"/v1/signing/typed-data?task_id=V-1&cap_id={CapId}&agent=vault&timestamp={timestamp}&severity=high&m_e=0.25");
        var signed = JsonElement.Parse(await Child.RunAsync("node", Repository.File("tests", "clients", "wallet.mjs"), node.Chain.Url.ToString(), data));
        var (wallet, owner, signature) = (signed.Text("wallet"), signed.Text("owner"), signed.Text("signature"));

        // The chain is never asked about a key of the CapID that is not marked as a contract.
        await RegisterAsync(new { address = wallet });
        Assert.Equal((HttpStatusCode.Forbidden, "signature-mismatch"), await SendAsync(node.Api, "/v1/incidents", Incident(wallet, signature)));
        await RegisterAsync(new { address = wallet, contract = true });

        foreach (var (what, changed, status, type) in new (string, JsonObject, HttpStatusCode, string)[]
        {
            ("altered M_E", Incident(wallet, signature, misuse: 0.1), HttpStatusCode.Forbidden, "signature-mismatch"),
            ("another's signature", Incident(wallet, "0x" + new string('1', 130)), HttpStatusCode.Forbidden, "signature-mismatch"),
            ("a wallet that reverts", Incident(wallet, "0x" + new string('1', 128)), HttpStatusCode.Forbidden, "signature-mismatch"),
            ("a wallet that uses up its gas", Incident(wallet, "0x01"), HttpStatusCode.Forbidden, "signature-mismatch"),
            ("its owner, who is no key", Incident(owner, signature), HttpStatusCode.Forbidden, "signer-not-authorised"),
            ("an address without code", Incident("0x000000000000000000000000000000000000dEaD", signature), HttpStatusCode.Forbidden, "signature-mismatch"),
            ("a wallet that is not deployed", Incident(wallet, $"{signature}{string.Concat(Enumerable.Repeat("6492", 16))}"), HttpStatusCode.BadRequest, "signature-form"),
            ("no hex", Incident(wallet, "0xzz"), HttpStatusCode.BadRequest, "signature-form"),
        })
        {
            Assert.True((status, type) == await SendAsync(node.Api, "/v1/incidents", changed), what);
        }

        Assert.Equal((HttpStatusCode.OK, ""), await SendAsync(node.Gate, "/gate_receive", Incident(wallet, signature)));
        await Eventually.TrueAsync(async () => (await node.Api.GetAsync($"/v1/incidents/{CapId}/V-1")).IsSuccessStatusCode);
        using var again = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(Incident(wallet, signature)));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        var place = JsonElement.Parse(await again.Content.ReadAsStringAsync()).GetProperty("log");
        var entry = JsonElement.Parse(await node.Api.GetStringAsync($"/v1/audit?log={place.Text("origin").Split('/')[^1]}&limit=1&after={place.GetProperty("index").GetInt64() - 1}"))
            .GetProperty("items")[0].GetProperty("entry").GetProperty("body");
        Assert.Equal(("full-v2", wallet), (entry.Text("scheme"), entry.Text("signer")));
        // What was accepted stays accepted, whatever becomes of the wallet; nothing new is accepted.
        await RegisterAsync(new { address = $"{node.Reporter.Address}" });
        Assert.Equal((HttpStatusCode.OK, ""), await SendAsync(node.Api, "/v1/incidents", Incident(wallet, signature)));
        Assert.Equal((HttpStatusCode.Forbidden, "signer-not-authorised"), await SendAsync(node.Api, "/v1/incidents", Incident(wallet, signature, misuse: 0.1)));
        var number = long.Parse(entry.Text("walletBlock"), CultureInfo.InvariantCulture);
        var block = await node.Chain.CallAsync("eth_getBlockByNumber", $"0x{number:x}", false);
        Assert.Equal(block.Text("hash"), entry.Text("walletBlockHash"));
    }

    [Fact]
    public async Task A_contract_cannot_be_an_admin()
    {
        using var answer = await node.Operator.PutAsJsonAsync("/v1/caps/VAULT-02", new { keys = new[] { new { address = $"{node.Reporter.Address}", contract = true, roles = new[] { "reporter", "admin" } } } });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("keys[0].roles", JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("field"));
    }

    private JsonObject Incident(string signer, string signature, double misuse = 0.25) => new()
    {
        ["task_id"] = "V-1", ["cap_id"] = CapId, ["agent"] = "vault", ["timestamp"] = timestamp, ["severity"] = "high", ["m_e"] = misuse,
        ["scheme"] = "full-v2", ["signer"] = signer, ["signature"] = signature,
    };

    private async Task RegisterAsync(object key)
    {
        using var answer = await node.Operator.PutAsJsonAsync($"/v1/caps/{CapId}", new { keys = new[] { key } });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<(HttpStatusCode Status, string Type)> SendAsync(HttpClient to, string path, JsonObject incident)
    {
        using var answer = await to.PostAsync(path, NodeFixture.Json(incident));
        var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : body.Text("type").Split(':')[^1]);
    }
}
