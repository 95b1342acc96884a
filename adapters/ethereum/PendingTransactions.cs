using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Ethereum.Transactions;

namespace CapOrleans.Ethereum;

/// <summary>
/// The transactions that an account has sent, until they are in blocks. They are stored before they are sent, so that a
/// lost answer, a crash or a reorganisation leads to the same transactions again, never to others.
/// </summary>
internal sealed class PendingTransactions(JsonRpcClient rpc, ChainOptions options, GasPrices prices, TimeProvider time)
{
    /// <summary>How many looks in a row must show that a transaction cannot be mined: a backend may lag.</summary>
    private const int ConfirmingChecks = 3;

    private readonly Receipts receipts = new(rpc);
    private readonly Submission nodes = new(rpc);

    /// <returns>False when an answer was lost: the nodes may not know all of them, or may know them all.</returns>
    /// <exception cref="RpcErrorException">The first transaction was refused; nothing was sent.</exception>
    /// <exception cref="BatchTooLargeException">The first transaction is too large; nothing was sent.</exception>
    public async Task<bool> SendAsync(IReadOnlyList<ChainTransaction> transactions, ISentTransactions sent, CancellationToken cancellationToken)
    {
        await sent.StoreAsync(
            [.. transactions.Select(transaction => Sign(transaction, []))], transactions.Sum(transaction => transaction.GasLimit));
        for (var i = 0; i < sent.All.Count; i++)
        {
            try
            {
                await nodes.SendAsync(sent.All[i].Raw, cancellationToken);
            }
            catch (RpcErrorException fault)
            {
                // Refused, perhaps for lack of funds: this one and those after it were not sent.
                await sent.StoreAsync([.. sent.All.Take(i)], -sent.All.Skip(i).Sum(transaction => transaction.GasLimit));
                if (i == 0)
                {
                    throw fault.Refusal == RpcRefusal.TooLarge ? new BatchTooLargeException(fault.Message, fault) : fault;
                }
            }
            catch (ChainUnavailableException)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Waits until the transactions sent last are in blocks, and raises their fee meanwhile.</summary>
    /// <param name="mustResend">Whether to send them again at once, because a node may not know them.</param>
    /// <returns>Receipts up to the first that did not succeed; empty when the first can never be mined.</returns>
    public async Task<IReadOnlyList<Receipt>> FinishAsync(ISentTransactions sent, bool mustResend, CancellationToken cancellationToken)
    {
        var (started, bumped) = (time.GetTimestamp(), time.GetTimestamp());
        var arrived = new Dictionary<long, Receipt>(); // by nonce
        ChainUnavailableException? last = null;
        var refusals = 0;
        for (var looks = 0; time.GetElapsedTime(started) < options.WaitTimeout; mustResend = false)
        {
            try
            {
                var isDecided = await PollReceiptsAsync(sent.All, arrived, cancellationToken);
                looks = isDecided ? looks + 1 : 0;
                if (isDecided && (looks == ConfirmingChecks || arrived.Count == sent.All.Count))
                {
                    return await FinishDecidedAsync(sent, arrived);
                }

                // Transactions that can no longer be mined are not sent again.
                if (!isDecided && (mustResend || time.GetElapsedTime(bumped) >= options.BumpInterval))
                {
                    bumped = time.GetTimestamp();
                    var refusal = await ResendAsync(sent, arrived, mayRaise: !mustResend, cancellationToken);
                    (last, refusals) = (refusal ?? last, refusal is null || Submission.IsOnItsWay(refusal) ? 0 : refusals + 1);
                    if (refusals == ConfirmingChecks) // no node knows it, and none accepts it
                    {
                        // The next one gets the same nonce: at most one of them can be mined.
                        await sent.StoreAsync([], -sent.All.Sum(transaction => transaction.GasLimit));
                        return [];
                    }
                }
            }
            catch (ChainUnavailableException fault) when (fault is not TransactionRevertedException)
            {
                last = fault; // a failed poll proves nothing about the transaction
            }

            await Task.Delay(options.PollInterval, time, cancellationToken);
        }

        throw new ChainUnavailableException(
            $"Transaction {sent.All[^1].Hashes[^1]} is not in a block after {options.WaitTimeout.TotalSeconds:0} " +
                $"s.{(last is null ? "" : $" {last.Message}")}", last);
    }

    /// <summary>Looks for receipts and collects them in <paramref name="arrived"/>.</summary>
    /// <returns>False while a transaction without a receipt may still be mined.</returns>
    private async Task<bool> PollReceiptsAsync(IReadOnlyList<SentTransaction> sent, Dictionary<long, Receipt> arrived, CancellationToken cancellationToken)
    {
        var count = await receipts.CountAsync(options.Writer.Address, cancellationToken); // before the receipts, so that those are newer
        foreach (var transaction in sent)
        {
            if (transaction.Nonce < count && arrived.ContainsKey(transaction.Nonce))
            {
                continue;
            }

            arrived.Remove(transaction.Nonce); // its block may have been reorganised away
            if (await FindAsync(transaction, isThere: transaction.Nonce < count, cancellationToken) is { } receipt)
            {
                arrived[transaction.Nonce] = receipt;
            }
            else if (sent[0].Nonce <= count && count <= transaction.Nonce)
            {
                return false;
            }
        }

        return true;
    }

    /// <param name="isThere">
    /// A transaction with its nonce is in a block: if the nodes disagree on which one, nothing is decided yet.
    /// </param>
    private async Task<Receipt?> FindAsync(SentTransaction transaction, bool isThere, CancellationToken cancellationToken)
    {
        NodesDisagreeException? undecided = null;
        foreach (var hash in transaction.Hashes.Reverse())
        {
            try
            {
                // That another one took its nonce counts only when every node reports that ours is missing.
                if (await receipts.AgreeAsync(hash, atLeast: isThere ? long.MaxValue : 0, cancellationToken) is { } receipt)
                {
                    return receipt;
                }
            }
            catch (NodesDisagreeException fault)
            {
                undecided = fault;
            }
        }

        return isThere && undecided is not null ? throw undecided : null;
    }

    private static async Task<IReadOnlyList<Receipt>> FinishDecidedAsync(ISentTransactions sent, Dictionary<long, Receipt> arrived)
    {
        List<Receipt> succeeded = [.. sent.All.TakeWhile(transaction => arrived.TryGetValue(transaction.Nonce, out var receipt) && !receipt.IsReverted).Select(transaction => arrived[transaction.Nonce])];
        if (succeeded.Count == 0)
        {
            var first = arrived.GetValueOrDefault(sent.All[0].Nonce);
            await sent.StoreAsync([]);
            return first is null ? [] : throw new TransactionRevertedException($"Transaction {first.Transaction} reverted.");
        }

        return succeeded;
    }

    /// <returns>The last refusal of one of them; null for none.</returns>
    private async Task<RpcErrorException?> ResendAsync(ISentTransactions sent, Dictionary<long, Receipt> arrived, bool mayRaise, CancellationToken cancellationToken)
    {
        bool IsPending(SentTransaction transaction) => !arrived.ContainsKey(transaction.Nonce);
        if (mayRaise)
        {
            var now = await prices.CurrentAsync(cancellationToken);
            await sent.StoreAsync([.. sent.All.Select(transaction => IsPending(transaction) ? Raise(transaction, now) : transaction)]);
        }

        RpcErrorException? last = null;
        try
        {
            foreach (var transaction in sent.All.Where(IsPending))
            {
                last = await nodes.SendAsync(transaction.Raw, cancellationToken) ?? last;
            }
        }
        catch (RpcErrorException refused)
        {
            return refused;
        }

        return last;
    }

    /// <returns>The transaction unchanged when the settings allow no higher price.</returns>
    private SentTransaction Raise(SentTransaction transaction, GasPrice now)
    {
        if (prices.Raise(new GasPrice(transaction.Tip, transaction.Cap), now) is not { } more)
        {
            return transaction;
        }

        EthereumAddress? to = transaction.To is null ? null : EthereumAddress.TryParse(transaction.To, out var parsed) ? parsed : throw new FormatException(transaction.To);
        return Sign(new ChainTransaction(options.ChainId, transaction.Nonce, more, transaction.GasLimit, to, transaction.Data), transaction.Hashes);
    }

    /// <param name="replaced">Hashes of the transactions that it replaces.</param>
    private SentTransaction Sign(ChainTransaction transaction, IReadOnlyList<string> replaced)
    {
        var signed = transaction.Sign(options.Writer);
        return new SentTransaction(
            transaction.Nonce, transaction.To?.ToString(), transaction.Data, transaction.GasLimit, transaction.Price.Tip, transaction.Price.Cap, signed.Raw,
            [.. replaced, signed.Hash]);
    }
}
