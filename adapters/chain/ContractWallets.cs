using System.Collections.Concurrent;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Chain;

/// <summary>Asks a contract on our chain whether it takes a signature: ERC-1271's <c>isValidSignature(bytes32,bytes)</c>.</summary>
/// <remarks>
/// The contract is a stranger's code: it has so much gas and so much time, and few are asked at once. Callers take turns, whatever wallets
/// they name. Anybody can name any wallet: so questions of callers whose signature a wallet never took are few in a second, and wait beside
/// the others. A question goes on when its caller waits no more, and its answer is kept for whoever sends the same again: so each is
/// answered in the end, however many came before it.
/// </remarks>
public sealed class ContractWallets(JsonRpcClient rpc, long chainId, TimeProvider time) : IContractWallets
{
    /// <summary>For all that one signature needs. 3 seconds.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a caller waits: the API waits for a grain no longer than 5. 4 seconds; 250 milliseconds for a wallet that was slow
    /// lately.
    /// </summary>
    public static readonly TimeSpan CallerTimeout = TimeSpan.FromSeconds(4), SlowTimeout = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>A node that was asked too often is left alone by those who asked it: by strangers, or by known callers, and not by anchors.</summary>
    private readonly WalletQuestion question = new(rpc.Apart(), chainId, time), ofStrangers = new(rpc.Apart(), chainId, time);
    private readonly FairTurns turns = new(WalletClaim.AtOnce, WalletClaim.Waiting, WalletClaim.WaitingPerCaller),
        strangers = new(WalletClaim.StrangersAtOnce, WalletClaim.StrangersWaiting, WalletClaim.WaitingPerCaller),
        slowWallets = new(WalletClaim.SlowAtOnce, SlowWallets.Limit, mostEach: 1);
    private readonly QuestionRate strangersRate = new(WalletClaim.StrangersPerSecond, time);
    private readonly RecentAnswers answers = new(time);
    private readonly KnownCallers known = new(time);
    private readonly SlowWallets slow = new(time);
    private readonly ConcurrentDictionary<string, Asked> pending = new(StringComparer.Ordinal);

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
            throw Later($"The wallet {claim.Wallet} did not answer in time; it is asked again in {backoff.TotalSeconds:0} seconds.", backoff);
        }

        try
        {
            return await asked.Answer.Task.WaitAsync(isSlow ? SlowTimeout : CallerTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            var how = isSlow ? "is slow, and is being asked" : "is asked in its turn, and others come before";
            throw Later($"The wallet {claim.Wallet} {how}.", RetryDelay);
        }
    }

    /// <summary>Joins the same question where it waits already; another caller's waits where that one's turn is.</summary>
    private Asked Ask(WalletClaim claim, byte[] hash, string caller)
    {
        var asked = new Asked(claim, hash, caller, $"{caller} {RecentAnswers.Key(claim, hash)}");
        var first = pending.GetOrAdd(asked.Key, asked);
        if (first == asked)
        {
            Queue(asked);
        }

        return first;
    }

    private void Queue(Asked asked)
    {
        var (caller, wallet) = (asked.Caller, asked.Claim.Wallet);
        var isQueued = slow.TurnsOf(wallet) is { } ofWallet ? ofWallet.TryAdd(caller, () => AnswerSlowAsync(asked), GiveUp)
            : known.TryUse(caller, wallet) ? turns.TryAdd(caller, () => AnswerAsync(asked, question, Task.CompletedTask), GiveUp)
            : strangers.TryAdd(caller, () => AnswerAsync(asked, ofStrangers, strangersRate.WaitAsync()), GiveUp);
        if (!isQueued)
        {
            GiveUp();
        }

        void GiveUp() => NoRoom(asked);
    }

    private static ChainUnavailableException Later(string message, TimeSpan wait) => new(message) { RetryAfter = wait };

    private void NoRoom(Asked asked) => End(asked, Later(
        $"As many questions to wallets wait as may: {WalletClaim.WaitingPerCaller} for one address, and a bounded number in all.", RetryDelay));

    /// <summary>From here on the same question is another one.</summary>
    private void End(Asked asked, Exception fault)
    {
        pending.TryRemove(KeyValuePair.Create(asked.Key, asked));
        asked.Answer.TrySetException(fault);
        _ = asked.Answer.Task.Exception; // nobody waits for it, perhaps
    }

    private async Task AnswerSlowAsync(Asked asked)
    {
        if (slow.BackoffOf(asked.Claim.Wallet) is var backoff && backoff > TimeSpan.Zero)
        {
            await Task.Delay(backoff, time);
        }

        if (slowWallets.TryAdd($"{asked.Claim.Wallet}", () => AskInTimeAsync(asked, ofStrangers), () => NoRoom(asked)))
        {
            await asked.Answer.Task.ContinueWith(_ => { }, TaskScheduler.Default);
        }
        else
        {
            NoRoom(asked);
        }
    }

    private async Task AnswerAsync(Asked asked, WalletQuestion by, Task turn)
    {
        await turn;
        if (slow.TurnsOf(asked.Claim.Wallet) is not null)
        {
            Queue(asked); // slow since it waits: so it does not take the others' time
        }
        else
        {
            await AskInTimeAsync(asked, by);
        }
    }

    private async Task AskInTimeAsync(Asked asked, WalletQuestion by)
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
            if (newest is not null) // the node answered, and the wallet did not
            {
                slow.NoteTimeout(asked.Claim.Wallet);
            }

            var message = $"The wallet {asked.Claim.Wallet} did not answer for {AnswerTimeout.TotalSeconds:0} seconds.";
            End(asked, new ChainUnavailableException(message));
        }
        catch (Exception fault)
        {
            End(asked, fault);
        }
    }

    /// <summary>A question that waits or is under way, whoever waits for its answer.</summary>
    private sealed record Asked(WalletClaim Claim, byte[] Hash, string Caller, string Key)
    {
        public TaskCompletionSource<ChainBlock?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
