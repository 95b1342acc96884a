using System.Text.Json.Nodes;
using CapOrleans.Chain;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Chain;

/// <summary>On a real chain: a log key belongs to the writer that first used it, or was given it.</summary>
public sealed class LogWriterTests : IAsyncLifetime
{
    private const string Origin = "caporleans/test/0";

    private static readonly byte[] LogKey = Keccak256.Hash("caporleans/test/0"u8);

    private readonly HttpClient http = new();
    private readonly PrivateKey owner = PrivateKey.Create(), second = PrivateKey.Create(), third = PrivateKey.Create();
    private DevChain chain = null!;
    private JsonRpcClient rpc = null!;
    private EthereumAddress contract;

    public async Task InitializeAsync()
    {
        chain = await DevChain.StartAsync();
        rpc = new JsonRpcClient(http, chain.Url);
        // The owner's first transaction makes it.
        var made = await new AnchorContract(rpc, Options(owner, null), TimeProvider.System).AnchoredAsync(Origin, new MemoryTransactions(), default);
        Assert.True(EthereumAddress.TryParse(made.Contract, out contract));
        foreach (var key in (PrivateKey[])[owner, second, third])
        {
            await rpc.CallAsync("anvil_impersonateAccount", default, key.Address.ToString());
        }

        await AllowAsync(second, true);
        await AllowAsync(third, true);
    }

    public Task DisposeAsync()
    {
        chain.Dispose();
        http.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Another_writer_of_the_contract_cannot_anchor_in_a_log_that_is_not_its()
    {
        await AnchorAsync(second, 0, 3);
        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(third, 3, 5));
        Assert.Contains("keeps this log for another writer", fault.Message, StringComparison.Ordinal);
        Assert.Contains(third.Address.ToString(), fault.Message, StringComparison.Ordinal);
        await AnchorAsync(third, 0, 1, "caporleans/test/1"); // one of its own is another's affair
        await AnchorAsync(second, 3, 5);
        Assert.Equal(5, (await Of(third).AnchoredAsync(Origin, new MemoryTransactions(), default)).Position);
    }

    [Fact]
    public async Task A_log_is_given_by_its_writer_or_the_owner_and_to_a_writer()
    {
        await AnchorAsync(second, 0, 3);
        await GiveAsync(second, third);
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(second, 3, 5));
        await AnchorAsync(third, 3, 5);
        await Assert.ThrowsAsync<RpcErrorException>(() => GiveAsync(second, second)); // it is no longer its to give
        await Assert.ThrowsAsync<RpcErrorException>(() => GiveAsync(owner, PrivateKey.Create())); // who may not write could not go on

        // A key that the owner took back gives nothing away.
        await AllowAsync(third, false);
        await Assert.ThrowsAsync<RpcErrorException>(() => GiveAsync(third, second));
        await GiveAsync(owner, second);
        await AnchorAsync(second, 5, 6);
    }

    [Fact]
    public async Task Whoever_gives_a_log_before_its_first_batch_keeps_others_from_taking_it()
    {
        await Assert.ThrowsAsync<RpcErrorException>(() => GiveAsync(third, third)); // nobody's is the owner's to give
        await GiveAsync(owner, second);
        await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(third, 0, 1));
        await AnchorAsync(second, 0, 1);
    }

    [Fact]
    public async Task A_batch_that_leaves_a_gap_is_refused_with_where_to_go_on()
    {
        await AnchorAsync(second, 0, 3);
        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() => AnchorAsync(second, 4, 5));
        Assert.Contains("at 3", fault.Message, StringComparison.Ordinal);
    }

    private static ChainOptions Options(PrivateKey writer, EthereumAddress? at) => new(31337, writer, at, IsDevChain: true);

    private AnchorContract Of(PrivateKey writer) => new(rpc, Options(writer, contract), TimeProvider.System);

    private Task<AnchorConfirmation> AnchorAsync(PrivateKey writer, long from, long to, string origin = Origin) =>
        Of(writer).AnchorAsync(new AnchorBatch(origin, from, to, new byte[32], to, [], []), new MemoryTransactions(), default);

    private Task AllowAsync(PrivateKey writer, bool allowed) =>
        SendAsync(owner, ContractArtifact.Abi.Call("setWriter", writer.Address.ToString(), allowed));

    private Task GiveAsync(PrivateKey sender, PrivateKey to) =>
        SendAsync(sender, ContractArtifact.Abi.Call("giveLog", LogKey, to.Address.ToString()));

    private async Task SendAsync(PrivateKey sender, byte[] data)
    {
        JsonObject Call() => new()
        {
            ["from"] = sender.Address.ToString(), ["to"] = contract.ToString(), ["data"] = JsonRpcClient.Hex(data),
        };
        await rpc.CallAsync("anvil_setBalance", default, sender.Address.ToString(), "0xde0b6b3a7640000");
        await rpc.CallAsync("eth_estimateGas", default, Call()); // says why it would revert
        await rpc.CallAsync("eth_sendTransaction", default, Call());
    }
}
