using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Abi;
using CapOrleans.Ethereum.Contract;
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

    /// <summary>What a wallet may use.</summary>
    private const long Gas = 5_000_000;

    private static readonly ContractAbi Wallet = new(JsonElement.Parse(
        """[{"type":"function","name":"isValidSignature","inputs":[{"name":"hash","type":"bytes32"},{"name":"signature","type":"bytes"}]}]"""));

    /// <summary>How nodes say that a contract ran and failed, where they give no code of their own for it.</summary>
    private static readonly string[] Halted =
        ["invalid opcode", "bad instruction", "invalid jump", "stack underflow", "stack limit reached", "out of gas", "evm error", "write protection"];

    private static readonly byte[] Yes = [0x16, 0x26, 0xBA, 0x7E, .. new byte[28]];

    private readonly Agreement agreement = new(rpc);
    private readonly FairTurns turns = new(WalletClaim.AtOnce, WalletClaim.Waiting, WalletClaim.WaitingPerCaller);
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
        if (!turns.TryAdd(caller, () => AnswerAsync(claim, hash, isSlow, answer, cancellationToken), GiveUp))
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
            block = await NewestBlockAsync(either.Token);
            return await IsValidAsync(claim, hash, block, either.Token) ? block : null;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            var message = $"The wallet {claim.Wallet} was asked and said nothing for {AnswerTimeout.TotalSeconds:0} seconds.";
            throw block is null ? new ChainUnavailableException(message) : new WalletTimeoutException(message);
        }
    }

    private async Task<ChainBlock> NewestBlockAsync(CancellationToken cancellationToken)
    {
        await DeployedContract.CheckChainAsync(rpc, chainId, cancellationToken);
        var height = rpc.Urls.Count == 1 ? "latest" : JsonRpcClient.Hex(await agreement.HeightAsync(cancellationToken));
        return await agreement.AskAsync(
            async node => node.Read(await node.CallAsync("eth_getBlockByNumber", cancellationToken, height, false), Block), "the newest block");
    }

    private async Task<bool> IsValidAsync(WalletClaim claim, byte[] hash, ChainBlock block, CancellationToken cancellationToken)
    {
        var call = new JsonObject
        {
            ["to"] = $"{claim.Wallet}",
            ["gas"] = JsonRpcClient.Hex(Gas),
            ["data"] = JsonRpcClient.Hex(Wallet.Call("isValidSignature", hash, claim.Signature)),
        };
        // By its hash (EIP-1898): by its number, it could be another block by now.
        var at = new JsonObject { ["blockHash"] = block.Hash, ["requireCanonical"] = true };
        return await agreement.AskAsync(node => IsValidAsync(node, call, at, cancellationToken), $"wallet {claim.Wallet}");
    }

    private static async Task<bool> IsValidAsync(JsonRpcClient node, JsonObject call, JsonObject at, CancellationToken cancellationToken)
    {
        try
        {
            return (await node.DataAsync("eth_call", cancellationToken, call, at)).AsSpan().SequenceEqual(Yes);
        }
        catch (RpcErrorException fault) when (IsTheContracts(fault))
        {
            return false;
        }
    }

    private static ChainBlock Block(JsonElement block) => new(
        (long)JsonRpcClient.Quantity(block.GetProperty("number")),
        Convert.FromHexString(block.GetProperty("hash").GetString().AsSpan(2)) is { Length: 32 } hash
            ? JsonRpcClient.Hex(hash)
            : throw new FormatException("A block's hash has 32 bytes."));

    /// <summary>The contract ran and failed, as opposed to a node that did not let it run.</summary>
    private static bool IsTheContracts(RpcErrorException fault) =>
        fault.Refusal == RpcRefusal.Reverted || Array.Exists(Halted, word => fault.Message.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>The node answered, and the wallet did not.</summary>
    private sealed class WalletTimeoutException(string message) : ChainUnavailableException(message);
}
