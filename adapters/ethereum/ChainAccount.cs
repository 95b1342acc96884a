using System.Numerics;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Ethereum.Transactions;

namespace CapOrleans.Ethereum;

/// <param name="EstimateData">
/// Call data for the gas estimate. A call that can succeed only after others is replaced here by a similar one that can
/// succeed now.
/// </param>
internal sealed record ContractCall(byte[] Data, byte[] EstimateData);

/// <summary>
/// Sends transactions of one account, several at a time, and waits until they are in blocks. None is sent while the
/// outcome of earlier ones is unknown.
/// </summary>
internal sealed class ChainAccount
{
    private readonly JsonRpcClient rpc;
    private readonly ChainOptions options;
    private readonly GasPrices prices;
    private readonly GasLimits limits;
    private readonly PendingTransactions pending;
    private readonly Receipts receipts;
    private readonly string address;

    public ChainAccount(JsonRpcClient rpc, ChainOptions options, TimeProvider time)
    {
        (this.rpc, this.options, address) = (rpc, options, options.Writer.Address.ToString());
        (prices, limits) = (new GasPrices(rpc, options.MaxFeeGwei), new GasLimits(rpc, address));
        receipts = new Receipts(rpc);
        pending = new PendingTransactions(rpc, options, prices, time);
    }

    /// <inheritdoc cref="SendAsync(EthereumAddress?, IReadOnlyList{ContractCall}, ISentTransactions, CancellationToken)"/>
    /// <returns>The receipt of a transaction that did not revert.</returns>
    public async Task<Receipt> SendAsync(EthereumAddress? to, byte[] data, ISentTransactions sent, CancellationToken cancellationToken) =>
        (await SendAsync(to, [new ContractCall(data, data)], sent, cancellationToken))[0];

    /// <param name="calls">In the order in which they must take effect.</param>
    /// <returns>
    /// Receipts of the first calls, at least one, none of which reverted. The calls after them did not take effect.
    /// </returns>
    /// <exception cref="RpcErrorException">The contract refuses the first call; nothing was sent.</exception>
    /// <exception cref="BatchTooLargeException">The first call is too large; nothing was sent.</exception>
    /// <exception cref="ChainUnavailableException">
    /// Not sent, reverted, more expensive than the options allow, or of unknown outcome.
    /// </exception>
    public async Task<IReadOnlyList<Receipt>> SendAsync(EthereumAddress? to, IReadOnlyList<ContractCall> calls, ISentTransactions sent, CancellationToken cancellationToken)
    {
        await FundAsync(cancellationToken);
        if (sent.All is [.., var newest] && !await IsNonceUsedAsync(newest.Nonce, cancellationToken))
        {
            await pending.FinishAsync(sent, mustResend: true, cancellationToken); // sent some time ago: a node may have forgotten it
        }

        var gas = await EstimateAsync(to, calls, cancellationToken);
        var price = await prices.CurrentAsync(cancellationToken);
        var nonce = await receipts.CountAsync(options.Writer.Address, cancellationToken);
        var isKnown = await pending.SendAsync(
            [.. gas.Select((limit, i) => new ChainTransaction(options.ChainId, nonce + i, price, limit, to, calls[i].Data))], sent, cancellationToken);
        return await pending.FinishAsync(sent, mustResend: !isKnown, cancellationToken) is { Count: > 0 } arrived ? arrived
            : throw new ChainUnavailableException($"The transaction with nonce {nonce} can no longer be mined: " +
                $"another program sends from the writer's account {address}, the chain was reorganised, or the node " +
                    "refuses the transaction.");
    }

    public Task<long> TransactionCountAsync(string block, CancellationToken cancellationToken) =>
        rpc.NumberAsync("eth_getTransactionCount", cancellationToken, address, block);

    /// <returns>
    /// False while a transaction with this nonce may still be mined, or when the nodes do not answer.
    /// </returns>
    private async Task<bool> IsNonceUsedAsync(long nonce, CancellationToken cancellationToken)
    {
        try
        {
            return await receipts.CountAsync(options.Writer.Address, cancellationToken) > nonce;
        }
        catch (ChainUnavailableException)
        {
            return false;
        }
    }

    /// <returns>Gas limits of the first calls, up to one that the nodes refuse.</returns>
    private async Task<IReadOnlyList<long>> EstimateAsync(EthereumAddress? to, IReadOnlyList<ContractCall> calls, CancellationToken cancellationToken)
    {
        var gas = new List<long>(calls.Count);
        foreach (var call in calls)
        {
            try
            {
                gas.Add(await limits.EstimateAsync(to, call.EstimateData, cancellationToken));
            }
            catch (ChainUnavailableException) when (gas.Count > 0)
            {
                break; // reported once this call is the first
            }
        }

        return gas;
    }

    private async Task FundAsync(CancellationToken cancellationToken)
    {
        if (options.IsDevChain && await rpc.QuantityAsync("eth_getBalance", cancellationToken, address, "latest") < BigInteger.Pow(10, 18))
        {
            await rpc.CallAsync("anvil_setBalance", cancellationToken, address, JsonRpcClient.Hex(BigInteger.Pow(10, 24)));
        }
    }
}
