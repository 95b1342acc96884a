using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nethereum.ABI.FunctionEncoding.Attributes;
using Nethereum.Signer;
using Nethereum.Util;
using Nethereum.Web3;

namespace CapOrleans.Tests.Chain;

/// <summary>
/// A third party with .NET and an unmodified <c>Nethereum.Web3</c>: its own client, its own types, and from us only
/// what is public: the contract's ABI file, the HTTP API and the chain.
/// </summary>
[Collection(NodeCollection.Name)]
public sealed class ThirdPartyClientTests(NodeFixture node)
{
    private const decimal Potential = 3.5m, Feedback = 0.65m, Misuse = 0.15m, DeltaCap = 0.0879m;

    private static string Abi => JsonNode.Parse(File.ReadAllText(Repository.File("contracts", "solidity", "CapAuditStorageV2.json")))!["abi"]!.ToJsonString();

    [Fact]
    public async Task A_Nethereum_client_finds_an_incident_on_chain_and_verifies_who_signed_it_and_its_effect()
    {
        var key = await node.RegisterAsync("THIRD-1", Potential);
        var incident = TestIncident.Signed(key, "THIRD-1", "TP-1", TimeProvider.System.GetUtcNow(), members =>
            (members["f_e"], members["m_e"], members["severity"], members["description"]) = (Feedback, Misuse, "critical", "Überlast 🚨"));
        using var sent = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        var view = await node.SettledAsync("THIRD-1", "TP-1");
        var contract = view.GetProperty("anchor").Text("contract");

        // 1. The event, by typed DTO and its indexed keys, over Nethereum's own transport.
        var web3 = new Web3(node.Chain.Url.ToString());
        var anchored = web3.Eth.GetEvent<IncidentAnchored>(contract);
        var hash = Sha3Keccack.Current;
        var found = await anchored.GetAllChangesAsync(anchored.CreateFilterInput(
            new object[] { hash.CalculateHash(Encoding.UTF8.GetBytes("THIRD-1/TP-1")) }, new object[] { hash.CalculateHash(Encoding.UTF8.GetBytes("THIRD-1")) }));
        var seen = Assert.Single(found);
        Assert.Equal(view.GetProperty("anchor").Text("transaction"), seen.Log.TransactionHash);
        Assert.Equal(view.Text("auditHash"), Convert.ToHexStringLower(seen.Event.AuditHash));
        Assert.Equal(view.GetProperty("log").GetProperty("index").GetUInt64(), seen.Event.Index);
        Assert.Equal(3, seen.Event.Severity);

        // 2. The log's root, by the ABI file.
        var roots = web3.Eth.GetContract(Abi, contract).GetEvent("LogAnchored");
        var root = (await roots.GetAllChangesDefaultAsync(roots.CreateFilterInput())).Last(one => one.Log.TransactionHash == seen.Log.TransactionHash);
        Assert.True((BigInteger)root.Event.Single(parameter => parameter.Parameter.Name == "size").Result > seen.Event.Index);

        // 3. Who signed: the log has the request verbatim, and Nethereum recovers the signer.
        var entry = await EntryAsync(view);
        var request = JsonElement.Parse(entry.Text("request"));
        var signed = string.Join('|', request.Text("task_id"), request.Text("cap_id"), request.Text("agent"), request.Text("timestamp"));
        var signer = new EthereumMessageSigner().EncodeUTF8AndEcRecover(signed, request.Text("signature"));
        Assert.True(signer.IsTheSameAddress(request.Text("signer")), signer);
        Assert.Equal(key.Address.ToString(), new AddressUtil().ConvertToChecksumAddress(signer));

        // 4. What it changed: dCap computed from the numbers in the log, and the number on chain.
        decimal Number(string name) => decimal.Parse(entry.Text(name), CultureInfo.InvariantCulture);
        var computed = decimal.Round((Number("phi") * Number("feedback") / Number("capPotential")) - (Number("psi") * Number("misuse")), 4, MidpointRounding.ToEven);
        Assert.Equal((DeltaCap, DeltaCap), (computed, Web3.Convert.FromWei(seen.Event.DeltaCap)));
        Assert.Equal((Potential, Feedback, Misuse), (Number("capPotential"), Number("feedback"), Number("misuse")));
    }

    [Fact]
    public async Task A_Nethereum_client_detects_another_signer()
    {
        var key = await node.RegisterAsync("THIRD-2");
        var incident = TestIncident.Signed(key, "THIRD-2", "TP-2", TimeProvider.System.GetUtcNow());
        var altered = string.Join('|', "TP-3", "THIRD-2", (string)incident["agent"]!, (string)incident["timestamp"]!);
        var signer = new EthereumMessageSigner().EncodeUTF8AndEcRecover(altered, (string)incident["signature"]!);
        Assert.False(signer.IsTheSameAddress((string)incident["signer"]!));
    }

    private async Task<JsonElement> EntryAsync(JsonElement view)
    {
        var (log, index) = (view.GetProperty("log").Text("origin").Split('/')[^1], view.GetProperty("log").GetProperty("index").GetInt64());
        var page = await node.Api.GetFromJsonAsync<JsonElement>($"/v1/audit?log={log}&limit=1&after={index - 1}");
        return page.GetProperty("items")[0].GetProperty("entry").GetProperty("body");
    }

    [Event("IncidentAnchored")]
    public sealed class IncidentAnchored : IEventDTO
    {
        [Parameter("bytes32", "incidentKey", 1, true)]
        public byte[] IncidentKey { get; set; } = [];

        [Parameter("bytes32", "capKey", 2, true)]
        public byte[] CapKey { get; set; } = [];

        [Parameter("bytes32", "auditHash", 3, false)]
        public byte[] AuditHash { get; set; } = [];

        [Parameter("uint64", "index", 4, false)]
        public ulong Index { get; set; }

        [Parameter("uint8", "severity", 5, false)]
        public byte Severity { get; set; }

        [Parameter("int256", "deltaCap", 6, false)]
        public BigInteger DeltaCap { get; set; }
    }
}
