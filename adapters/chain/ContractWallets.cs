using System.Collections.Concurrent;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Chain;

/// <summary>
/// Asks contract wallets on our chain whether they accept a signature, by ERC-1271's
/// <c>isValidSignature(bytes32,bytes)</c>.
/// </summary>
/// <remarks>
/// The contract is untrusted code, so its gas and time are limited, and few contracts are queried concurrently. Callers
/// take turns, whichever wallets they name. Anyone can name any wallet, so queries of callers from whom a wallet has
/// accepted no signature recently are rate-limited and have a queue of their own. A query continues after its caller
/// stops waiting, and its answer is cached for a retry, so each query is answered eventually, however many came before
/// it.
/// </remarks>
public sealed class ContractWallets(JsonRpcClient rpc, long chainId, TimeProvider time) : IContractWallets
{
    /// <summary>Time limit of all calls that one signature needs. 3 seconds.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a caller waits. 4 seconds, since the API waits no longer than 5 for a grain; 250 milliseconds for a
    /// wallet that timed out recently.
    /// </summary>
    public static readonly TimeSpan CallerTimeout = TimeSpan.FromSeconds(4), SlowTimeout = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Separate clients, so that a node's request to back off affects only the group that caused it, unknown callers or
    /// known ones, and never anchoring.
    /// </summary>
    private readonly WalletQuestion question = new(rpc.WithOwnBackoff(), chainId,
        time), unknownCallersQuestion = new(rpc.WithOwnBackoff(), chainId, time);
    private readonly FairScheduler knownQueue = new(WalletClaim.MaxConcurrent, WalletClaim.MaxWaiting, WalletClaim.MaxWaitingPerCaller),
        unknownQueue = new(WalletClaim.MaxConcurrentStrangers, WalletClaim.StrangersWaiting, WalletClaim.MaxWaitingPerCaller),
        slowWallets = new(WalletClaim.MaxConcurrentSlow, SlowWallets.Limit, maxWaitingPerOwner: 1);
    private readonly QuestionRateLimiter strangersRate = new(WalletClaim.StrangersPerSecond, time);
    private readonly RecentAnswers answers = new(time);
    private readonly KnownCallers known = new(time);
    private readonly SlowWallets slow = new(time);
    private readonly ConcurrentDictionary<string, PendingQuestion> pending = new(StringComparer.Ordinal);

    public async Task<ChainBlock?> FindBlockAsync(WalletClaim claim, byte[] hash, string caller, CancellationToken cancellationToken)
    {
        if (answers.TryFind(claim, hash, out var answer))
        {
            return answer;
        }

        var asked = Ask(claim, hash, caller);
        var isSlow = slow.TurnsOf(claim.Wallet) is not null;
        if (isSlow && slow.BackoffOf(claim.Wallet) is var backoff && backoff > SlowTimeout)
        {
            throw RetryLater($"The wallet {claim.Wallet} did not answer in time; retry in {backoff.TotalSeconds:0} seconds.", backoff);
        }

        try
        {
            return await asked.Answer.Task.WaitAsync(isSlow ? SlowTimeout : CallerTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            var reason = isSlow ? "is slow and has not answered yet; retry shortly" : "has not been asked yet, since " +
                "other signature checks are queued before this one; retry shortly";
            throw RetryLater($"The wallet {claim.Wallet} {reason}.", RetryDelay);
        }
    }

    /// <summary>
    /// Joins the caller's own pending query for the same signature, if there is one; another caller's is queued
    /// separately, in that caller's turn.
    /// </summary>
    private PendingQuestion Ask(WalletClaim claim, byte[] hash, string caller)
    {
        var asked = new PendingQuestion(claim, hash, caller, $"{caller} {RecentAnswers.Key(claim, hash)}");
        var first = pending.GetOrAdd(asked.Key, asked);
        if (first == asked)
        {
            Queue(asked);
        }

        return first;
    }

    private void Queue(PendingQuestion asked)
    {
        var (caller, wallet) = (asked.Caller, asked.Claim.Wallet);
        var isQueued = slow.TurnsOf(wallet) is { } ofWallet ? ofWallet.TryAdd(caller, () => AnswerSlowAsync(asked), GiveUp)
            : known.TryUse(caller, wallet) ? knownQueue.TryAdd(caller, () => AnswerAsync(asked, question, Task.CompletedTask), GiveUp)
            : unknownQueue.TryAdd(caller, () => AnswerAsync(asked, unknownCallersQuestion, strangersRate.WaitAsync()), GiveUp);
        if (!isQueued)
        {
            GiveUp();
        }

        void GiveUp() => RefuseQueueFull(asked);
    }

    private static ChainUnavailableException RetryLater(string message, TimeSpan wait) => new(message) { RetryAfter = wait };

    private void RefuseQueueFull(PendingQuestion asked) => Fail(asked, RetryLater(
        "Too many signature checks by contract wallets are queued, for this client address (at most " +
            $"{WalletClaim.MaxWaitingPerCaller}) or in all; retry shortly.", RetryDelay));

    /// <summary>Fails the query and forgets it: the same query then starts afresh.</summary>
    private void Fail(PendingQuestion asked, Exception fault)
    {
        pending.TryRemove(KeyValuePair.Create(asked.Key, asked));
        asked.Answer.TrySetException(fault);
        _ = asked.Answer.Task.Exception; // observed here, since no caller may be waiting any more
    }

    private async Task AnswerSlowAsync(PendingQuestion asked)
    {
        if (slow.BackoffOf(asked.Claim.Wallet) is var backoff && backoff > TimeSpan.Zero)
        {
            await Task.Delay(backoff, time);
        }

        if (slowWallets.TryAdd($"{asked.Claim.Wallet}", () => AskInTimeAsync(asked, unknownCallersQuestion), () => RefuseQueueFull(asked)))
        {
            await asked.Answer.Task.ContinueWith(_ => { }, TaskScheduler.Default);
        }
        else
        {
            RefuseQueueFull(asked);
        }
    }

    private async Task AnswerAsync(PendingQuestion asked, WalletQuestion by, Task turn)
    {
        await turn;
        if (slow.TurnsOf(asked.Claim.Wallet) is not null)
        {
            Queue(asked); // became slow while queued: requeued so that it does not take up the others' time
        }
        else
        {
            await AskInTimeAsync(asked, by);
        }
    }

    private async Task AskInTimeAsync(PendingQuestion asked, WalletQuestion by)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout, time);
        IReadOnlyList<ChainBlock>? newest = null;
        try
        {
            newest = await by.NewestBlocksAsync(timeout.Token);
            var (block, isValid) = await by.IsValidAsync(asked.Claim, asked.Hash, newest, timeout.Token);
            answers.Keep(asked.Claim, asked.Hash, isValid ? block : null);
            if (isValid)
            {
                known.Earn(asked.Caller, asked.Claim.Wallet);
            }

            pending.TryRemove(KeyValuePair.Create(asked.Key, asked));
            asked.Answer.TrySetResult(isValid ? block : null);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            if (newest is not null) // the node answered; the wallet did not
            {
                slow.NoteTimeout(asked.Claim.Wallet);
            }

            var message = $"The wallet {asked.Claim.Wallet} did not answer within {AnswerTimeout.TotalSeconds:0} seconds.";
            Fail(asked, new ChainUnavailableException(message));
        }
        catch (Exception fault)
        {
            Fail(asked, fault);
        }
    }

    /// <summary>A query that is queued or running, shared by all requests that wait for its answer.</summary>
    private sealed record PendingQuestion(WalletClaim Claim, byte[] Hash, string Caller, string Key)
    {
        public TaskCompletionSource<ChainBlock?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
