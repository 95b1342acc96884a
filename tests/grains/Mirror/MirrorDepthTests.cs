using System.Text.Json;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Tests.Chain.Contract;

namespace CapOrleans.Tests.Grains.Mirror;

/// <summary>The log records a CapID as mirrored once no reorganisation is likely to undo it.</summary>
public sealed class MirrorDepthTests : IAsyncLifetime
{
    private readonly PrivateKey owner = PrivateKey.Create();
    private AnchoringSilo silo = null!;
    private EthereumAddress contract;

    public async Task InitializeAsync()
    {
        silo = await AnchoringSilo.CreateAsync(confirmations: 5);
        contract = await silo.UseCapNftAsync(owner);
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task A_silo_that_stops_while_it_waits_changes_the_token_once()
    {
        await silo.StartAsync();
        await SentAsync();
        Assert.Empty(await silo.EntriesAsync(EntryKinds.CapMirrored));
        await silo.StartAsync();
        await silo.Chain.CallAsync("anvil_mine", "0x5");
        await LoggedAsync();
        Assert.Equal("[1]", (await ReadAsync())!.Value.GetProperty("versions").ToString());
    }

    [Fact]
    public async Task A_mirror_that_a_reorganisation_removed_is_sent_again()
    {
        await silo.StartAsync();
        await SentAsync();
        var logs = await silo.Chain.CallAsync("eth_getLogs", new { fromBlock = "0x0", toBlock = "latest", address = $"{contract}" });
        var block = (long)JsonRpcClient.Quantity(logs[logs.GetArrayLength() - 1].GetProperty("blockNumber"));
        await silo.Chain.CallAsync("anvil_reorg", await silo.BlocksAsync() - block + 1, Array.Empty<object>());
        Assert.NotEqual(logs[logs.GetArrayLength() - 1].Text("blockHash"), (await silo.Chain.CallAsync("eth_getBlockByNumber", $"0x{block:x}", false)).Text("hash"));
        await LoggedAsync();
        Assert.Equal("[1]", (await ReadAsync())!.Value.GetProperty("versions").ToString());
        var body = JsonElement.Parse(Assert.Single(await silo.EntriesAsync(EntryKinds.CapMirrored))).GetProperty("body");
        var mirrored = await silo.Chain.CallAsync("eth_getBlockByNumber", $"0x{body.GetProperty("block").GetInt64():x}", false);
        Assert.Equal(mirrored.Text("hash"), body.Text("blockHash"));
    }

    private Task SentAsync() => Eventually.TrueAsync(async () =>
    {
        await silo.Mirrorer.NudgeAsync();
        return await ReadAsync() is not null;
    });

    private Task LoggedAsync() => Eventually.TrueAsync(async () =>
    {
        await silo.Mirrorer.NudgeAsync();
        await silo.Chain.CallAsync("anvil_mine", "0x1");
        return (await silo.EntriesAsync(EntryKinds.CapMirrored)).Count > 0;
    });

    /// <returns>Null while the token does not exist.</returns>
    private async Task<JsonElement?> ReadAsync()
    {
        var word = await silo.Chain.CallAsync("eth_call", new { to = $"{contract}", data = $"0x{Convert.ToHexStringLower(CompiledContract.CapNft.Abi.Call("versionOf", CapNftTests.IdOf(AnchoringSilo.CapId)))}" }, "latest");
        return word.GetString()!.EndsWith('0') ? null : JsonElement.Parse(await Child.RunAsync(
            "node", Repository.File("tests", "clients", "read-cap-nft.mjs"), $"{silo.Chain.Url}", $"{contract}", AnchoringSilo.CapId));
    }
}
