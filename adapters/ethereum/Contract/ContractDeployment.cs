using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum.Contract;

/// <summary>Deploys our contracts to any chain. The account that pays becomes the owner.</summary>
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

    /// <summary>
    /// Deploys a CapAuditStorageV2, whose first writer is the account that pays. A call that was cut off may have
    /// deployed one; a second call deploys another.
    /// </summary>
    /// <exception cref="ChainUnavailableException" />
    public Task<StoredRecord> DeployAsync(CancellationToken cancellationToken) => DeployAsync(CompiledContract.AuditStorage, [], cancellationToken);

    /// <summary>
    /// Deploys a CapNFT. A call that was cut off may have deployed one; a second call deploys another.
    /// </summary>
    /// <param name="writer">The one account that may mirror.</param>
    /// <exception cref="ChainUnavailableException" />
    public Task<StoredRecord> DeployCapNftAsync(EthereumAddress writer, CancellationToken cancellationToken) =>
        DeployAsync(CompiledContract.CapNft, [writer.ToString()], cancellationToken);

    /// <summary>Lets another account anchor and store in a CapAuditStorageV2.</summary>
    /// <exception cref="ChainUnavailableException" />
    public Task AddWriterAsync(EthereumAddress contract, EthereumAddress writer, CancellationToken cancellationToken) =>
        account.SendAsync(contract, CompiledContract.AuditStorage.Abi.Call("setWriter", writer.ToString(), true),
            new InMemorySentTransactions(), cancellationToken);

    /// <summary>
    /// Offers ownership to another account, which becomes the owner when it calls <c>acceptOwnership</c>.
    /// </summary>
    /// <exception cref="ChainUnavailableException" />
    public Task OfferOwnershipAsync(EthereumAddress contract, EthereumAddress owner, CancellationToken cancellationToken) =>
        account.SendAsync(contract, CompiledContract.AuditStorage.Abi.Call("transferOwnership", owner.ToString()),
            new InMemorySentTransactions(), cancellationToken);

    private async Task<StoredRecord> DeployAsync(CompiledContract compiled, object[] arguments, CancellationToken cancellationToken)
    {
        await DeployedContract.CheckChainAsync(rpc, options.ChainId, cancellationToken);
        var receipt = await account.SendAsync(null, compiled.Creation(arguments), new InMemorySentTransactions(), cancellationToken);
        return EthereumAddress.TryParseAnyCase(receipt.Contract, out var contract)
            && (await rpc.DataAsync("eth_getCode", cancellationToken, receipt.Contract, "latest")).AsSpan().SequenceEqual(compiled.Deployed)
            ? new StoredRecord(contract, receipt.Transaction, receipt.Block)
            : throw new ChainUnavailableException($"Transaction {receipt.Transaction} succeeded, but the contract " +
                "that it created does not have the expected code.");
    }
}
