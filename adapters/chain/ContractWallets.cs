using CapOrleans.Contracts.Incidents;
using CapOrleans.Core;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Chain;

/// <summary>Asks a contract on our chain whether it takes a signature: ERC-1271's <c>isValidSignature(bytes32,bytes)</c>.</summary>
/// <remarks>
/// The contract is a stranger's code: it has so much gas and so much time, and few are asked at once. Callers take turns,
/// whatever wallets they name: anybody can name any. A wallet that did not answer in time is waited for only briefly from then on: what it
/// says later is kept for whoever sends the same again.
/// </remarks>
public sealed class ContractWallets(JsonRpcClient rpc, long chainId, TimeProvider time) : IContractWallets
{
    /// <summary>For all that one signature needs. 3 seconds.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);

    /// <summary>From the call to the answer, with the wait for a turn: the API waits for a grain no longer than 5. 4 seconds.</summary>
    public static readonly TimeSpan TurnTimeout = TimeSpan.FromSeconds(4);

    /// <summary>For one that was slow lately, while it goes on being asked. 250 milliseconds.</summary>
    public static readonly TimeSpan SlowTimeout = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly WalletQuestion question = new(rpc, chainId);
    private readonly FairTurns turns = new(WalletClaim.AtOnce, WalletClaim.Waiting, WalletClaim.WaitingPerCaller),
        slowTurns = new(WalletClaim.SlowAtOnce, WalletClaim.Waiting, WalletClaim.WaitingPerCaller);
    private readonly RecentAnswers answers = new(time);
    private readonly SlowWallets slow = new(time);

    public async Task<ChainBlock?> FindBlockAsync(WalletClaim claim, byte[] hash, string caller, CancellationToken cancellationToken)
    {
        if (answers.TryFind(claim, hash, out var known))
        {
            return known;
        }

        ThrowIfResting(claim.Wallet);
        var isSlow = slow.Contains(claim.Wallet);
        var answer = new TaskCompletionSource<ChainBlock?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!(isSlow ? slowTurns : turns).TryAdd(caller, () => AnswerAsync(claim, hash, isSlow, answer, cancellationToken), GiveUp))
        {
            GiveUp();
            throw NoTurn();
        }

        try
        {
            return await answer.Task.WaitAsync(isSlow ? SlowTimeout : TurnTimeout, time, cancellationToken);
        }
        catch (TimeoutException) when (isSlow)
        {
            throw new ChainUnavailableException($"The wallet {claim.Wallet} is slow, and is being asked.") { RetryAfter = RetryDelay };
        }
        catch (TimeoutException) when (!answer.Task.IsFaulted)
        {
            answer.TrySetCanceled(CancellationToken.None);
            throw NoTurn();
        }

        void GiveUp()
        {
            if (isSlow)
            {
                slow.End(claim.Wallet, isTimeout: false);
            }

            answer.TrySetException(NoTurn());
            _ = answer.Task.Exception;
        }
    }

    private static ChainUnavailableException NoTurn() => new(
        $"Wallets are being asked already: {WalletClaim.AtOnce} at once, {WalletClaim.Waiting} wait, {WalletClaim.WaitingPerCaller} for one address, {TurnTimeout.TotalSeconds:0} seconds at most.");

    /// <exception cref="ChainUnavailableException">It was slow, and is not asked yet.</exception>
    private void ThrowIfResting(EthereumAddress wallet)
    {
        if (slow.Begin(wallet) is { } wait)
        {
            throw new ChainUnavailableException($"The wallet {wallet} did not answer in time; it is asked again in {wait.TotalSeconds:0} seconds.") { RetryAfter = wait };
        }
    }

    /// <param name="isSlow">Its turn among the slow ones was taken already.</param>
    private async Task AnswerAsync(WalletClaim claim, byte[] hash, bool isSlow, TaskCompletionSource<ChainBlock?> answer, CancellationToken cancellationToken)
    {
        if (answer.Task.IsCompleted)
        {
            return; // nobody waits for it any more
        }

        var isAsked = isSlow;
        try
        {
            if (!answers.TryFind(claim, hash, out var block)) // answered while it waited, perhaps
            {
                if (!isSlow)
                {
                    ThrowIfResting(claim.Wallet); // slow by now, perhaps
                    isAsked = true;
                }

                block = await AskInTimeAsync(claim, hash, cancellationToken);
                answers.Keep(claim, hash, block);
            }

            End(isTimeout: false);
            answer.TrySetResult(block);
        }
        catch (Exception fault)
        {
            End(fault is WalletTimeoutException);
            answer.TrySetException(fault);
            _ = answer.Task.Exception; // nobody waits for it, perhaps
        }

        void End(bool isTimeout)
        {
            if (isAsked)
            {
                slow.End(claim.Wallet, isTimeout);
            }
        }
    }

    private async Task<ChainBlock?> AskInTimeAsync(WalletClaim claim, byte[] hash, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        ChainBlock? block = null;
        try
        {
            block = await question.NewestBlockAsync(either.Token);
            return await question.IsValidAsync(claim, hash, block, either.Token) ? block : null;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            var message = $"The wallet {claim.Wallet} was asked and said nothing for {AnswerTimeout.TotalSeconds:0} seconds.";
            throw block is null ? new ChainUnavailableException(message) : new WalletTimeoutException(message);
        }
    }

    /// <summary>The node answered, and the wallet did not.</summary>
    private sealed class WalletTimeoutException(string message) : ChainUnavailableException(message);
}
