using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Chain;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Tests.Support;

/// <summary>
/// A contract on a real chain, and accounts to call it with; the owner's first transaction deploys it.
/// </summary>
internal sealed class ContractChain : IDisposable
{
    private readonly HttpClient http = new();
    private readonly DevChain chain;
    private readonly HashSet<string> known = [];

    private readonly CompiledContract contract;

    private ContractChain(DevChain chain, CompiledContract contract) => (this.chain, this.contract, Rpc) = (chain, contract, new JsonRpcClient(http, chain.Url));

    public Uri Url => chain.Url;

    public JsonRpcClient Rpc { get; }

    public PrivateKey Owner { get; } = PrivateKey.Create();

    public EthereumAddress Address { get; private set; }

    public static async Task<ContractChain> StartAsync()
    {
        var made = new ContractChain(await DevChain.StartAsync(), CompiledContract.AuditStorage);
        var position = await new AnchorContract(made.Rpc, Options(made.Owner, null),
            TimeProvider.System).ReadPositionAsync("first", new InMemorySentTransactions(), default);
        Assert.True(EthereumAddress.TryParse(position.Contract, out var address));
        made.Address = address;
        return made;
    }

    /// <summary>Starts a chain with a CapNFT instead of the anchor contract.</summary>
    public static async Task<ContractChain> StartCapNftAsync(EthereumAddress writer)
    {
        var made = new ContractChain(await DevChain.StartAsync(), CompiledContract.CapNft);
        made.Address = (await new ContractDeployment(made.Rpc, Options(made.Owner, null), TimeProvider.System).DeployCapNftAsync(writer, default)).Contract;
        return made;
    }

    public AnchorContract Of(PrivateKey writer) => new(Rpc, Options(writer, Address), TimeProvider.System);

    public Task<AnchorConfirmation> AnchorAsync(PrivateKey writer, AnchorBatch batch) => Of(writer).AnchorAsync(batch,
        new InMemorySentTransactions(), default);

    /// <summary>Sends a call and waits until it is mined.</summary>
    /// <exception cref="RpcErrorException">The contract refuses the call.</exception>
    public async Task SendAsync(string sender, string function, params object[] arguments)
    {
        if (known.Add(sender))
        {
            await Rpc.CallAsync("anvil_impersonateAccount", default, sender);
            await Rpc.CallAsync("anvil_setBalance", default, sender, "0xde0b6b3a7640000");
        }

        await Rpc.CallAsync("eth_estimateGas", default, Call(sender, function, arguments)); // fails with the reason of a revert
        var hash = await Rpc.CallAsync("eth_sendTransaction", default, Call(sender, function, arguments));
        JsonElement receipt = default;
        await Eventually.TrueAsync(async () => (receipt = await Rpc.CallAsync("eth_getTransactionReceipt", default, hash.GetString())).ValueKind == JsonValueKind.Object);
        Assert.Equal("0x1", receipt.Text("status")); // mined by now, so that no later call of another account overtakes it
    }

    /// <returns>Name of the error that the contract refuses the call with; null when it accepts the call.</returns>
    public async Task<string?> RefusalAsync(string sender, string function, params object[] arguments)
    {
        try
        {
            await SendAsync(sender, function, arguments);
            return null;
        }
        catch (RpcErrorException fault) when (contract.Abi.ReadError(fault.Data) is { } error)
        {
            return error.Name;
        }
    }

    /// <returns>The result of a function that returns a single word.</returns>
    public async Task<BigInteger> AskAsync(string function, params object[] arguments) =>
        new(await Rpc.DataAsync("eth_call", default, Call($"{Owner.Address}", function, arguments), "latest"), isUnsigned: true, isBigEndian: true);

    public void Dispose()
    {
        chain.Dispose();
        http.Dispose();
    }

    private static ChainOptions Options(PrivateKey writer, EthereumAddress? at) => new(31337, writer, at, IsDevChain: true);

    private JsonObject Call(string sender, string function, object[] arguments) => new()
    {
        ["from"] = sender, ["to"] = $"{Address}", ["data"] = JsonRpcClient.Hex(contract.Abi.Call(function, arguments)),
    };
}
