using System.Text.Json;

namespace CapOrleans.Tests.Cli;

/// <summary>Keys and policy of a CapID, from the command line.</summary>
[Collection(NodeCollection.Name)]
public sealed class CapKeyTests(NodeFixture node) : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task An_admin_key_adds_and_revokes_keys_and_an_operator_sets_the_policy()
    {
        var (_, admin) = await CapAsync("keygen", "--out", directory.File("admin.key"));
        var (_, host) = await CapAsync("keygen", "--out", directory.File("host.key"));
        Assert.Equal(0, (await CapAsync("register", "CLI-KEYS", "--key", host)).Code);
        Assert.Equal(0, (await CapAsync("key", "add", "CLI-KEYS", "--key", admin, "--role", "admin", "--role", "reporter")).Code);
        var (code, changed) = await CapAsync("key", "revoke", "CLI-KEYS", "--key", host, "--reason", "stolen", "--admin-key", directory.File("admin.key"));
        Assert.True(code == 0, changed);
        var (_, listed) = await CapAsync("key", "list", "CLI-KEYS");
        var key = JsonElement.Parse(listed).EnumerateArray().Single(one => one.Text("address") == host);
        Assert.Equal("stolen", key.Text("reason"));
        Assert.Equal(1, (await CapAsync("key", "revoke", "CLI-KEYS", "--key", admin, "--admin-key", directory.File("host.key"))).Code);
        var (_, policy) = await CapAsync("policy", "CLI-KEYS", "--require-full-signature", "true", "--delta-cap-limit", "2.5");
        Assert.Equal((true, 2.5m), (JsonElement.Parse(policy).GetProperty("requireFullSignature").GetBoolean(), JsonElement.Parse(policy).GetProperty("deltaCapLimit").GetDecimal()));
        Assert.Equal(policy, (await CapAsync("policy", "CLI-KEYS")).Output);
    }

    [Fact]
    public async Task What_a_gate_s_cluster_refused_is_shown_and_tried_again()
    {
        // The CapID is unknown to the cluster, and the gate has no key list: the gate accepts the incident, the cluster
        // refuses it.
        var key = CapOrleans.Core.Signatures.PrivateKey.Create();
        await using var gate = await LoneGate.StartAsync(node.Api.BaseAddress!, directory.Path);
        await File.WriteAllTextAsync(directory.File("gate-token"), gate.Token.Export()); // DATA_DIR, where cap looks for it
        using var received = await gate.Http.PostAsync("/gate_receive", NodeFixture.Json(TestIncident.Signed(key, "CLI-GATE", "G-1", TimeProvider.System.GetUtcNow())));
        Assert.Equal(System.Net.HttpStatusCode.OK, received.StatusCode);
        var environment = ("VPN_ENDPOINT", new Uri(gate.Http.BaseAddress!, "gate_receive").ToString());
        var letter = default(JsonElement);
        await Eventually.TrueAsync(async () =>
        {
            var (_, dead) = await CapAsync(environment, "gate", "dead");
            return dead.Length > 0 && (letter = JsonElement.Parse(dead)).ValueKind == JsonValueKind.Object;
        });
        Assert.Equal(("CLI-GATE", "G-1", 404), (letter.Text("capId"), letter.Text("incidentId"), letter.GetProperty("status").GetInt32()));

        Assert.Equal(0, (await CapAsync("register", "CLI-GATE", "--key", key.Address.ToString())).Code);
        Assert.Equal((0, "1 incident queued for retry"), await CapAsync(environment, "gate", "retry", letter.GetProperty("number").GetRawText()));
        await Eventually.TrueAsync(async () => (await node.Api.GetAsync("/v1/incidents/CLI-GATE/G-1")).IsSuccessStatusCode);
        await Eventually.TrueAsync(async () => JsonElement.Parse((await CapAsync(environment, "gate", "status")).Output).GetProperty("spool").GetProperty("waiting").GetInt32() == 0);
        Assert.Equal((0, "0 incidents queued for retry"), await CapAsync(environment, "gate", "retry", "--all"));
        Assert.NotEqual(0, (await CapAsync(environment, "gate", "retry")).Code);
    }

    [Fact]
    public async Task An_admin_gives_a_gate_its_name_and_takes_it_back()
    {
        var address = $"{CapOrleans.Core.Signatures.PrivateKey.Create().Address}";
        Assert.Equal((0, "added"), await CapAsync("gate", "add", "cli-edge", address));
        Assert.Equal((0, "added"), await CapAsync("gate", "add", "cli-edge", address));
        Assert.Contains(address, (await CapAsync("gate", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await CapAsync("gate", "add", "cli-edge", $"{CapOrleans.Core.Signatures.PrivateKey.Create().Address}")).Code);
        Assert.Equal((0, "removed"), await CapAsync("gate", "remove", "cli-edge"));
    }

    private Task<(int Code, string Output)> CapAsync(params string[] arguments) => CapAsync(("SIGNER_ADDRESS", ""), arguments);

    private Task<(int Code, string Output)> CapAsync((string Name, string Value) more, params string[] arguments) => new CapCommand(
        directory.Path, ("DATA_DIR", directory.Path), ("API_PORT", $"{node.Api.BaseAddress!.Port}"), more,
        ("CAP_TOKEN", node.Operator.DefaultRequestHeaders.Authorization!.Parameter!)).RunAsync(arguments);
}
