using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Core.Signatures;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Api;

/// <summary>Addresses as wallets of other chains spell them (EIP-1191), wherever a caller may give one.</summary>
[Collection(NodeCollection.Name)]
public sealed class AddressSpellingTests(NodeFixture node)
{
    private static readonly PrivateKey Key = TestIncident.Key("4646464646464646464646464646464646464646464646464646464646464646");

    /// <summary>
    /// The address of that key: as Rootstock's wallets spell it, and with a checksum that no chain uses.
    /// </summary>
    private const string OfRootstock = "0x9D8A62f656a8d1615C1294Fd71E9Cfb3E4855A4F", OfNobody = "0x9D8A62F656A8D1615C1294FD71E9CFB3E4855A4f";

    [Theory]
    [InlineData(OfRootstock, "SPELLED-1")]
    [InlineData(OfNobody, "SPELLED-2")]
    public async Task A_signer_may_spell_its_address_in_any_case_since_the_signature_proves_it(string spelled, string capId)
    {
        using var registered = await node.Operator.PutAsJsonAsync($"/v1/caps/{capId}", new { keys = new[] { new { address = Key.Address.ToString() } } });
        foreach (var isFull in (bool[])[false, true])
        {
            var incident = TestIncident.Signed(Key, capId, $"SPELLED-{isFull}", TimeProvider.System.GetUtcNow());
            incident = isFull ? incident.SignFull(Key) : incident;
            incident["signer"] = spelled;
            using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            var view = await node.SettledAsync(capId, $"SPELLED-{isFull}");
            Assert.Equal(Key.Address.ToString(), view.Text("signer"));
        }
    }

    [Fact]
    public async Task A_key_is_registered_in_the_spelling_of_Rootstock_and_a_mistyped_one_is_refused_with_a_hint()
    {
        using var mistyped = await PutAsync("SPELLED-3", OfNobody);
        var problem = JsonElement.Parse(await mistyped.Content.ReadAsByteArrayAsync());
        Assert.Equal((HttpStatusCode.BadRequest, "keys[0].address"), (mistyped.StatusCode, problem.Text("field")));
        Assert.Contains("lower case", problem.Text("rule"), StringComparison.Ordinal);
        using var taken = await PutAsync("SPELLED-3", OfRootstock);
        Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
        Assert.Contains(Key.Address.ToString(), await node.Api.GetStringAsync("/v1/caps/SPELLED-3"), StringComparison.Ordinal);

        using var other = await node.Operator.PostAsJsonAsync("/v1/caps/SPELLED-3/changes", new { change = new { addKey = new { address = $"{PrivateKey.Create().Address}" } } });
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        using var revoked = await node.Operator.PostAsJsonAsync("/v1/caps/SPELLED-3/changes", new { change = new { revokeKey = new { address = OfNobody, reason = "lost" } } });
        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode); // it matches a registered key
    }

    [Theory]
    [InlineData(OfRootstock, 201)]
    [InlineData(OfNobody, 400)]
    public async Task A_gate_s_key_may_be_spelled_that_way_too(string spelled, int status)
    {
        using var answer = await node.Operator.PutAsJsonAsync($"/v1/gates/spelled-{status}", new { address = spelled });
        var body = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.True(status == 201 ? body.Text("address") == Key.Address.ToString() : body.Text("rule").Contains("lower case", StringComparison.Ordinal));
        using var removed = await node.Operator.DeleteAsync($"/v1/gates/spelled-{status}");
    }

    [Fact]
    public void The_contract_s_address_in_the_settings_may_be_spelled_that_way_too()
    {
        static NodeSettings Read(string contract) => SettingsReader.Read(name => name switch
        {
            "RPC_URL" => "https://rpc.example",
            "CONTRACT_ADDRESS" => contract,
            "PRIVATE_KEY" => Key.ExportHex(),
            _ => null,
        });
        Assert.Equal(Key.Address, Read(OfRootstock).Contract);
        Assert.Contains("lower case", Assert.Throws<SettingsException>(() => Read(OfNobody)).Faults[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_for_cap_may_be_spelled_that_way_too()
    {
        using var directory = new TempDirectory();
        foreach (var (spelled, isTaken) in (IEnumerable<(string, bool)>)[(OfRootstock, true), (OfNobody, false)])
        {
            var cap = new CapCommand(directory.Path, ("RPC_URL", $"http://127.0.0.1:{Child.FreePort()}"), ("CHAIN_ID", "31337"), ("PRIVATE_KEY", Key.ExportHex()));
            var (code, output) = await cap.RunAsync("chain", "deploy", "--writer", spelled);
            Assert.NotEqual(0, code); // there is no chain
            Assert.Equal(!isTaken, output.Contains("lower case", StringComparison.Ordinal));
        }
    }

    private Task<HttpResponseMessage> PutAsync(string capId, string address) =>
        node.Operator.PutAsJsonAsync($"/v1/caps/{capId}", new { keys = new[] { new { address } } });
}
