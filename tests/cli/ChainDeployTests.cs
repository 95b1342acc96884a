using System.Text.Json;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Cli;

/// <summary>A contract of the operator's own, on a chain that is not our dev chain.</summary>
public sealed class ChainDeployTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly PrivateKey deployer = PrivateKey.Create(), silo = PrivateKey.Create(), board = PrivateKey.Create();
    private DevChain chain = null!;

    public async Task InitializeAsync()
    {
        chain = await DevChain.StartAsync();
        await chain.CallAsync("anvil_setBalance", $"{deployer.Address}", "0xde0b6b3a7640000");
        await File.WriteAllTextAsync(directory.File("deployer.key"), deployer.ExportHex());
    }

    public Task DisposeAsync()
    {
        chain.Dispose();
        directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task It_is_deployed_with_its_writer_and_offered_to_its_owner()
    {
        var (code, output) = await Cap().RunAsync("chain", "deploy", "--key", directory.File("deployer.key"), "--writer", $"{silo.Address}", "--owner", $"{board.Address}");
        Assert.True(code == 0, output);
        var made = JsonElement.Parse(output);
        Assert.Equal(($"{deployer.Address}", $"{silo.Address}", $"{board.Address}"), (made.Text("owner"), made.Text("writer"), made.Text("offeredTo")));
        Assert.Equal(deployer.Address, await AddressAsync(made.Text("contract"), "owner()"));
        Assert.Equal(board.Address, await AddressAsync(made.Text("contract"), "pendingOwner()"));
    }

    [Fact]
    public async Task A_CapNFT_is_deployed_for_the_silos_account_and_offered_to_its_owner()
    {
        var (code, output) = await Cap().RunAsync("chain", "deploy", "--cap-nft", "--key", directory.File("deployer.key"), "--writer", $"{silo.Address}", "--owner", $"{board.Address}");
        Assert.True(code == 0, output);
        var made = JsonElement.Parse(output);
        Assert.Equal(($"{deployer.Address}", $"{silo.Address}", $"{board.Address}"), (made.Text("owner"), made.Text("writer"), made.Text("offeredTo")));
        Assert.Equal(silo.Address, await AddressAsync(made.Text("contract"), "writer()"));
        Assert.Equal(board.Address, await AddressAsync(made.Text("contract"), "pendingOwner()"));

        (code, output) = await Cap().RunAsync("chain", "deploy", "--cap-nft", "--key", directory.File("deployer.key"));
        Assert.True(code == 0, output);
        Assert.Equal(deployer.Address, await AddressAsync(JsonElement.Parse(output).Text("contract"), "writer()"));
    }

    [Fact]
    public async Task Nothing_is_deployed_on_another_chain_than_the_configured_one_or_for_a_mistyped_address()
    {
        var (code, output) = await Cap(("CHAIN_ID", "1")).RunAsync("chain", "deploy", "--key", directory.File("deployer.key"));
        Assert.Equal(2, code);
        Assert.Contains("is on chain 31337", output, StringComparison.Ordinal);
        (code, output) = await Cap().RunAsync("chain", "deploy", "--key", directory.File("deployer.key"), "--owner", "0x12");
        Assert.NotEqual(0, code);
        Assert.Contains("--owner is not an address", output, StringComparison.Ordinal);
        Assert.Equal("0x0", (await chain.CallAsync("eth_getTransactionCount", $"{deployer.Address}", "latest")).GetString());
    }

    private async Task<EthereumAddress> AddressAsync(string? contract, string function)
    {
        var word = (await chain.CallAsync("eth_call", new { to = contract, data = JsonRpcClient.Hex(Keccak256.Hash(System.Text.Encoding.ASCII.GetBytes(function)).AsSpan(0, 4)) }, "latest")).GetString()!;
        Assert.True(EthereumAddress.TryParse($"0x{word[^40..]}", out var address));
        return address;
    }

    private CapCommand Cap(params (string Name, string Value)[] more) => new(directory.Path, [("RPC_URL", chain.Url.ToString()), .. more]);
}
