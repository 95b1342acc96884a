using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;
using Nethereum.Util;

namespace CapOrleans.Ethereum.Contract;

/// <summary>Finds the CapAuditStorageV2 contract; deploys it on the dev chain.</summary>
/// <remarks>
/// Chain id and code are checked before every use: a node that was restarted without its state has the same chain id
/// and no contract, and a transaction to an address without code succeeds and does nothing. On the dev chain the
/// contract is created by the writer's first transaction, so its address follows from the writer's, and nothing needs
/// to be stored.
/// </remarks>
internal sealed class DeployedContract(JsonRpcClient rpc, ChainOptions options, ChainAccount account)
{
    /// <param name="mayDeploy">Whether to deploy it if it is missing; on the dev chain only.</param>
    /// <exception cref="ChainUnavailableException">The contract is missing, or it is another one.</exception>
    public Task<EthereumAddress> FindAsync(bool mayDeploy, ISentTransactions sent, CancellationToken cancellationToken) =>
        rpc.TryEachAsync(() => FindAtNodeAsync(mayDeploy, sent, cancellationToken));

    /// <summary>Switches to a node that is on the right chain.</summary>
    /// <exception cref="ChainMismatchException">All nodes are on another chain.</exception>
    public static Task CheckChainAsync(JsonRpcClient rpc, long expected, CancellationToken cancellationToken) => rpc.TryEachAsync(async () =>
    {
        var chainId = await rpc.QuantityAsync("eth_chainId", cancellationToken);
        return chainId == expected ? true : throw new ChainMismatchException($"The node at {rpc.Name} is on chain " +
            $"{chainId}, but CHAIN_ID is {expected}.");
    });

    private async Task<EthereumAddress> FindAtNodeAsync(bool mayDeploy, ISentTransactions sent, CancellationToken cancellationToken)
    {
        await CheckChainAsync(rpc, options.ChainId, cancellationToken);
        var contract = options.Contract ?? FirstContractOf(options.Writer.Address);
        var code = await rpc.DataAsync("eth_getCode", cancellationToken, contract.ToString(), "latest");
        if (code.Length > 0 && (options.Contract is not null || code.AsSpan().SequenceEqual(CompiledContract.AuditStorage.Deployed)))
        {
            return contract;
        }

        if (options.Contract is not null || !mayDeploy)
        {
            throw new ChainMismatchException($"There is no contract at {contract}; check CONTRACT_ADDRESS.");
        }

        if (await account.TransactionCountAsync("pending", cancellationToken) != 0)
        {
            throw new ChainMismatchException(
                $"The first transaction of the writer {options.Writer.Address} did not deploy this version of " +
                    "CapAuditStorageV2: set CONTRACT_ADDRESS, or start on an empty chain.");
        }

        await account.SendAsync(null, CompiledContract.AuditStorage.Creation(), sent, cancellationToken);
        return contract;
    }

    /// <summary>Returns the address of the contract that the account's transaction with nonce 0 creates.</summary>
    private static EthereumAddress FirstContractOf(EthereumAddress creator) =>
        EthereumAddress.TryParse(ContractUtils.CalculateContractAddress(creator.ToString(), 0), out var contract)
            ? contract : throw new InvalidOperationException("An address has 20 bytes.");
}
