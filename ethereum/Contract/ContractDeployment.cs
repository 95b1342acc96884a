using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum.Contract;

/// <summary>A new CapAuditStorageV2 on any chain. The account that pays is its owner and its first writer.</summary>
public sealed class ContractDeployment
{
    private readonly JsonRpcClient rpc;
    private readonly ChainOptions options;
    private readonly ChainAccount account;

    public ContractDeployment(JsonRpcClient rpc, ChainOptions options, TimeProvider time)
    {
        (this.rpc, this.options) = (rpc, options);
        account = new ChainAccount(rpc, options, time);
    }

    /// <summary>A call that was cut off may have made one: a second call makes another.</summary>
    /// <exception cref="ChainUnavailableException" />
    public async Task<StoredRecord> DeployAsync(CancellationToken cancellationToken)
    {
        await DeployedContract.CheckChainAsync(rpc, options, cancellationToken);
        var receipt = await account.SendAsync(null, ContractArtifact.Creation, new MemoryTransactions(), cancellationToken);
        return EthereumAddress.TryParseAnyCase(receipt.Contract, out var contract)
            && (await rpc.DataAsync("eth_getCode", cancellationToken, receipt.Contract, "latest")).AsSpan().SequenceEqual(ContractArtifact.Deployed)
            ? new StoredRecord(contract, receipt.Transaction, receipt.Block)
            : throw new ChainUnavailableException($"Transaction {receipt.Transaction} succeeded, and the contract that it made is not ours.");
    }

    /// <summary>Lets another account anchor and store.</summary>
    /// <exception cref="ChainUnavailableException" />
    public Task AddWriterAsync(EthereumAddress contract, EthereumAddress writer, CancellationToken cancellationToken) =>
        account.SendAsync(contract, ContractArtifact.Abi.Call("setWriter", writer.ToString(), true), new MemoryTransactions(), cancellationToken);

    /// <summary>Offers the contract to another account, which is its owner as soon as it calls <c>acceptOwnership</c>.</summary>
    /// <exception cref="ChainUnavailableException" />
    public Task OfferAsync(EthereumAddress contract, EthereumAddress owner, CancellationToken cancellationToken) =>
        account.SendAsync(contract, ContractArtifact.Abi.Call("transferOwnership", owner.ToString()), new MemoryTransactions(), cancellationToken);
}
