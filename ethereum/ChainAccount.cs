using System.Numerics;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Ethereum.Transactions;

namespace CapOrleans.Ethereum;

/// <summary>
/// Sends transactions of one account, one at a time, and waits until a block has them. What is sent is kept before; so a lost answer, a
/// crash or a reorganisation leads to the same transaction again, never to a second one.
/// </summary>
internal sealed class ChainAccount
{
    /// <summary>How often it must be seen that a transaction cannot arrive: one of several backends may lie behind.</summary>
    private const int Repeatedly = 3;

    private readonly JsonRpcClient rpc;
    private readonly ChainOptions options;
    private readonly TimeProvider time;
    private readonly GasPrices prices;
    private readonly GasLimits limits;
    private readonly Receipts receipts;
    private readonly string address;

    public ChainAccount(JsonRpcClient rpc, ChainOptions options, TimeProvider time)
    {
        (this.rpc, this.options, this.time) = (rpc, options, time);
        (receipts, address) = (new Receipts(rpc), options.Writer.Address.ToString());
        (prices, limits) = (new GasPrices(rpc, options.MaxFeeGwei), new GasLimits(rpc, address));
    }

    /// <returns>The receipt of a transaction that did not revert.</returns>
    /// <exception cref="RpcErrorException">The contract refuses the call; nothing was sent.</exception>
    /// <exception cref="BatchTooLargeException">Nothing was sent.</exception>
    /// <exception cref="ChainUnavailableException">Not sent, reverted, dearer than the options allow, or unknown.</exception>
    public async Task<Receipt> SendAsync(EthereumAddress? to, byte[] data, ISentTransactions sent, CancellationToken cancellationToken)
    {
        await FundAsync(cancellationToken);
        if (sent.Last is not null)
        {
            await FinishAsync(sent, isOld: true, cancellationToken);
        }

        var gas = await limits.EstimateAsync(to, data, cancellationToken);
        var price = await prices.NowAsync(cancellationToken);
        var nonce = await CountAsync("latest", cancellationToken);
        try
        {
            await BroadcastAsync(new ChainTransaction(options.ChainId, nonce, price, gas, to, data), [], sent, cancellationToken);
        }
        catch (RpcErrorException)
        {
            await sent.KeepAsync(null); // refused, for want of funds perhaps: nothing is on its way
            throw;
        }
        catch (ChainUnavailableException fault) when (fault is not BatchTooLargeException)
        {
            // The answer was lost, and perhaps nothing else.
        }

        return await FinishAsync(sent, isOld: false, cancellationToken)
            ?? throw new ChainUnavailableException($"The transaction with nonce {nonce} cannot arrive: another program sends with the writer's key {address}, or the chain was reorganised.");
    }

    public Task<long> CountAsync(string block, CancellationToken cancellationToken) =>
        rpc.NumberAsync("eth_getTransactionCount", cancellationToken, address, block);

    /// <summary>Waits for what was sent last, and pays more for it while no block takes it.</summary>
    /// <param name="isOld">It was sent some time ago: a node may have forgotten it.</param>
    /// <returns>Null when it never arrives: another transaction has its nonce, or the chain lost those before it.</returns>
    private async Task<Receipt?> FinishAsync(ISentTransactions sent, bool isOld, CancellationToken cancellationToken)
    {
        var (started, bumped) = (time.GetTimestamp(), time.GetTimestamp());
        ChainUnavailableException? last = null;
        var gone = 0;
        for (var mustRepeat = isOld; time.GetElapsedTime(started) < options.WaitTimeout; mustRepeat = false)
        {
            var pause = options.PollInterval;
            try
            {
                var outcome = await LookAsync(sent, cancellationToken);
                if (outcome?.Receipt is { } receipt)
                {
                    return receipt;
                }

                gone = outcome is null ? 0 : gone + 1;
                if (gone == Repeatedly)
                {
                    await sent.KeepAsync(null);
                    return null;
                }

                // What cannot arrive is not sent again.
                if (outcome is null && (mustRepeat || time.GetElapsedTime(bumped) >= options.BumpInterval))
                {
                    last = await RepeatAsync(sent, mayRaise: !mustRepeat, cancellationToken) ?? last;
                    bumped = time.GetTimestamp();
                }
            }
            catch (ChainUnavailableException fault) when (fault is not TransactionRevertedException)
            {
                (last, pause) = (fault, fault.RetryAfter > pause ? fault.RetryAfter.Value : pause); // a poll that failed says nothing about the transaction
            }

            await Task.Delay(pause < options.WaitTimeout ? pause : options.WaitTimeout, time, cancellationToken);
        }

        throw new ChainUnavailableException(
            $"Transaction {sent.Last!.Hashes[^1]} is in no block after {options.WaitTimeout.TotalSeconds:0} s.{(last is null ? "" : $" {last.Message}")}", last);
    }

    /// <returns>Null while nothing is known.</returns>
    private async Task<Outcome?> LookAsync(ISentTransactions sent, CancellationToken cancellationToken)
    {
        var transaction = sent.Last!;
        var count = await CountAsync("latest", cancellationToken); // before the receipts: they are newer
        foreach (var hash in transaction.Hashes.Reverse())
        {
            if (await receipts.FindAsync(hash, cancellationToken) is not { } receipt)
            {
                continue;
            }

            if (receipt.IsReverted)
            {
                await sent.KeepAsync(null);
                throw new TransactionRevertedException($"Transaction {hash} reverted.");
            }

            return new Outcome(receipt);
        }

        return count == transaction.Nonce ? null : new Outcome(null);
    }

    /// <returns>What the node has against it; null for nothing.</returns>
    private async Task<RpcErrorException?> RepeatAsync(ISentTransactions sent, bool mayRaise, CancellationToken cancellationToken)
    {
        var transaction = sent.Last!;
        var paid = new GasPrice(transaction.Tip, transaction.Cap);
        if (mayRaise && prices.Raise(paid, await prices.NowAsync(cancellationToken)) is { } more)
        {
            EthereumAddress? to = transaction.To is null ? null : EthereumAddress.TryParse(transaction.To, out var address) ? address : throw new FormatException(transaction.To);
            return await BroadcastAsync(new ChainTransaction(options.ChainId, transaction.Nonce, more, transaction.GasLimit, to, transaction.Data), transaction.Hashes, sent, cancellationToken);
        }

        return await SubmitAsync(transaction.Raw, cancellationToken);
    }

    /// <param name="replaced">What it takes the place of.</param>
    private async Task<RpcErrorException?> BroadcastAsync(ChainTransaction transaction, IReadOnlyList<string> replaced, ISentTransactions sent, CancellationToken cancellationToken)
    {
        var signed = transaction.Sign(options.Writer);
        await sent.KeepAsync(new SentTransaction(
            transaction.Nonce, transaction.To?.ToString(), transaction.Data, transaction.GasLimit, transaction.Price.Tip, transaction.Price.Cap, signed.Raw,
            [.. replaced, signed.Hash]));
        try
        {
            return await SubmitAsync(signed.Raw, cancellationToken);
        }
        catch (RpcErrorException fault) when (fault.Refusal == RpcRefusal.TooLarge && replaced.Count == 0)
        {
            await sent.KeepAsync(null);
            throw new BatchTooLargeException(fault.Message, fault);
        }
    }

    /// <summary>Whether it arrived, only its receipt says: an answer that is lost or a refusal of what was sent before changes nothing.</summary>
    private async Task<RpcErrorException?> SubmitAsync(byte[] raw, CancellationToken cancellationToken)
    {
        try
        {
            await rpc.CallAsync("eth_sendRawTransaction", cancellationToken, JsonRpcClient.Hex(raw));
            return null;
        }
        catch (RpcErrorException fault) when (fault.Refusal is RpcRefusal.AlreadyKnown or RpcRefusal.NonceTooLow or RpcRefusal.Underpriced)
        {
            return fault; // known, in a block, or waiting beside another of the same nonce, which is paid more for with time
        }
    }

    private async Task FundAsync(CancellationToken cancellationToken)
    {
        if (options.IsDevChain && await rpc.QuantityAsync("eth_getBalance", cancellationToken, address, "latest") < BigInteger.Pow(10, 18))
        {
            await rpc.CallAsync("anvil_setBalance", cancellationToken, address, JsonRpcClient.Hex(BigInteger.Pow(10, 24)));
        }
    }

    /// <param name="Receipt">Null: the account's next nonce is another, and no block has the transaction.</param>
    private sealed record Outcome(Receipt? Receipt);
}
