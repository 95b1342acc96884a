using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Chain;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Cli;

/// <summary>
/// The command that replaces the legacy scripts which wrote straight to the contract, on a real chain.
/// </summary>
public sealed class ChainStoreTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly PrivateKey writer = PrivateKey.Create();
    private DevChain chain = null!;

    public async Task InitializeAsync()
    {
        chain = await DevChain.StartAsync();
        await File.WriteAllTextAsync(directory.File("chain-writer.key"), writer.ExportHex());
        using var http = new HttpClient();
        await new AnchorContract(new JsonRpcClient(http, chain.Url), new ChainOptions(31337, writer, null, IsDevChain: true), TimeProvider.System).ReadPositionAsync("origin", new InMemorySentTransactions(), CancellationToken.None); // deploys it
    }

    public Task DisposeAsync()
    {
        chain.Dispose();
        directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_signed_incident_is_stored_once_as_old_readers_expect_it()
    {
        var incident = TestIncident.Signed(PrivateKey.Create(), "Z-001", "INC-1", TimeProvider.System.GetUtcNow(), one => one["severity"] = "HIGH");
        await File.WriteAllTextAsync(directory.File("signed.json"), incident.ToJsonString());
        var (code, output) = await CapAsync("chain", "store", directory.File("signed.json"));
        Assert.True(code == 0, output);
        var stored = JsonElement.Parse(output);
        Assert.Equal("-0.078", stored.Text("deltaCap")); // 1.2 * (1/50) * 0.5 - 0.9 * 0.1

        var seen = JsonElement.Parse(await Child.RunAsync("node", Repository.File("tests", "clients", "read-chain.mjs"), chain.Url.ToString(), stored.Text("contract"), "INC-1", "Z-001")).GetProperty("record");
        Assert.Equal(("Z-001", "HIGH", "N/A"), (seen.Text("capId"), seen.Text("severity"), seen.Text("ipfsHash")));
        Assert.Equal($"0x{Convert.ToHexStringLower(RecordHash.Of(incident.Report().Request, -0.078m))}", seen.Text("incidentHash"));

        (code, output) = await CapAsync("chain", "store", directory.File("signed.json"), "--json");
        Assert.Equal(1, code);
        Assert.Contains("already on the chain", JsonElement.Parse(output).Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_local_chain_node_is_called_without_a_proxy_and_its_answer_is_bounded()
    {
        await using var proxy = await AnyServer.StartAsync();
        await using var node = await AnyServer.StartAsync();
        node.Respond = _ => (200, "application/json", $$"""{"jsonrpc":"2.0","id":1,"result":"0x7a69","more":"{{new string('a', 16 << 20)}}"}""");
        var incident = TestIncident.Signed(PrivateKey.Create(), "Z-001", "INC-1", TimeProvider.System.GetUtcNow(), one => one["severity"] = "HIGH");
        await File.WriteAllTextAsync(directory.File("signed.json"), incident.ToJsonString());
        var (code, output) = await new CapCommand(
            directory.Path, ("DATA_DIR", directory.Path), ("RPC_URL", $"http://127.0.0.1:{node.Port}"), ("CONTRACT_ADDRESS", $"{writer.Address}"),
            ("http_proxy", $"http://127.0.0.1:{proxy.Port}"), ("all_proxy", $"http://127.0.0.1:{proxy.Port}")).RunAsync("chain", "store", directory.File("signed.json"));
        Assert.Equal(3, code);
        Assert.Contains("does not answer", output, StringComparison.Ordinal);
        Assert.Single(node.Calls); // had it accepted the first answer, it would have sent more requests
        Assert.Empty(proxy.Calls);
    }

    [Fact]
    public async Task An_archive_is_stored_under_its_incident_or_its_hash()
    {
        await File.WriteAllTextAsync(directory.File("log.json"), """{"a":[1,2.50,"ü"]}""");
        await CapAsync("archive", directory.File("log.json"));
        var (code, output) = await CapAsync("chain", "store", directory.File("log_archived.json"));
        Assert.True(code == 0, output);
        // In Python, json.dumps(sort_keys=True) is {"a": [1, 2.5, "\u00fc"]}; the first 6 digits of its SHA-256 are the
        // id.
        var canonical = """{"a": [1, 2.5, "\u00fc"]}""";
        var sha = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(canonical)));
        Assert.Equal($"AUD-{sha[..6]}", JsonElement.Parse(output).Text("id"));
        Assert.Equal($"0x{Convert.ToHexStringLower(Keccak256.Hash(System.Text.Encoding.ASCII.GetBytes(canonical)))}", JsonElement.Parse(output).Text("hash"));
    }

    [Fact]
    public async Task What_was_changed_or_not_signed_by_the_named_signer_is_not_stored()
    {
        var incident = TestIncident.Signed(PrivateKey.Create(), "Z-001", "INC-2", TimeProvider.System.GetUtcNow());
        incident["signer"] = PrivateKey.Create().Address.ToString();
        await File.WriteAllTextAsync(directory.File("forged.json"), incident.ToJsonString());
        Assert.Equal(1, (await CapAsync("chain", "store", directory.File("forged.json"))).Code);
        await File.WriteAllTextAsync(directory.File("log.json"), """{"a":1}""");
        await CapAsync("archive", directory.File("log.json"));
        var archive = JsonNode.Parse(await File.ReadAllTextAsync(directory.File("log_archived.json")))!;
        archive["data"]!["a"] = 2;
        await File.WriteAllTextAsync(directory.File("log_archived.json"), archive.ToJsonString());
        Assert.Equal(1, (await CapAsync("chain", "store", directory.File("log_archived.json"))).Code);
    }

    [Fact]
    public async Task A_key_without_the_right_to_write_is_distinguished_from_an_unreachable_chain()
    {
        var incident = TestIncident.Signed(PrivateKey.Create(), "Z-001", "INC-3", TimeProvider.System.GetUtcNow());
        await File.WriteAllTextAsync(directory.File("signed.json"), incident.ToJsonString());
        var stranger = PrivateKey.Create();
        await File.WriteAllTextAsync(directory.File("stranger.key"), stranger.ExportHex());
        var (code, output) = await CapAsync("chain", "store", directory.File("signed.json"));
        Assert.True(code == 0, output);
        await chain.CallAsync("anvil_setBalance", stranger.Address.ToString(), "0xde0b6b3a7640000");
        incident["task_id"] = "INC-4";
        await File.WriteAllTextAsync(directory.File("signed.json"), TestIncident.Sign(incident, PrivateKey.Create()).ToJsonString());
        var real = new CapCommand(directory.Path, ("RPC_URL", chain.Url.ToString()), ("CONTRACT_ADDRESS", JsonElement.Parse(output).Text("contract")));
        var (refused, why) = await real.RunAsync("chain", "store", directory.File("signed.json"), "--key", directory.File("stranger.key"));
        Assert.Equal(1, refused);
        Assert.Contains("not a writer of the contract", why, StringComparison.Ordinal);
        Assert.Equal(2, (await new CapCommand(directory.Path, ("RPC_URL", chain.Url.ToString())).RunAsync("chain", "store", directory.File("signed.json"), "--key", directory.File("stranger.key"))).Code);
        Assert.Equal(2, (await CapAsync("chain", "store", directory.File("signed.json"), "--key", directory.File("stranger.key"))).Code); // it deploys no contract of its own
        Assert.Equal(2, (await new CapCommand(directory.Path, ("RPC_URL", chain.Url.ToString()), ("CONTRACT_ADDRESS", stranger.Address.ToString())).RunAsync("chain", "store", directory.File("signed.json"), "--key", directory.File("stranger.key"))).Code);
        var away = new CapCommand(directory.Path, ("RPC_URL", $"http://127.0.0.1:{Child.FreePort()}"), ("CONTRACT_ADDRESS", JsonElement.Parse(output).Text("contract")));
        Assert.Equal(3, (await away.RunAsync("chain", "store", directory.File("signed.json"), "--key", directory.File("stranger.key"))).Code);
    }

    private Task<(int Code, string Output)> CapAsync(params string[] arguments) =>
        new CapCommand(directory.Path, ("DATA_DIR", directory.Path), ("CHAIN_PORT", $"{chain.Url.Port}")).RunAsync(arguments);
}
