using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Abi;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Chain;

/// <summary>What a wallet is asked, and at which block; the nodes must agree on what it answers.</summary>
internal sealed class WalletQuestion(JsonRpcClient rpc, long chainId, TimeProvider time)
{
    /// <summary>What a wallet may use.</summary>
    private const long Gas = 5_000_000;

    private static readonly ContractAbi Wallet = new(JsonElement.Parse(
        """[{"type":"function","name":"isValidSignature","inputs":[{"name":"hash","type":"bytes32"},{"name":"signature","type":"bytes"}]}]"""));

    /// <summary>How nodes say that a contract ran and failed, where they give no code of their own for it.</summary>
    private static readonly string[] Halted =
    [
        "invalid opcode", "bad instruction", "invalid jump", "stack underflow", "stack limit reached", "out of gas", "evm error", "write protection",
        "return data out of bounds", "gas uint64 overflow", "max code size exceeded",
    ];

    private static readonly byte[] Yes = [0x16, 0x26, 0xBA, 0x7E, .. new byte[28]];

    /// <summary>How long the newest block counts as such, and a chain as the one that is meant. 1 second, 1 minute.</summary>
    private static readonly TimeSpan AgeOfBlock = TimeSpan.FromSeconds(1), AgeOfChain = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Of several nodes one can name an old block, at which a wallet's former owner still speaks for it: how far back. 2 minutes, by the
    /// block's own time; ten of Ethereum's blocks may stay out.
    /// </summary>
    public static readonly TimeSpan LongestHeld = TimeSpan.FromMinutes(2);

    /// <summary>Within a question's three seconds there must be time for a lower block.</summary>
    private readonly Agreement agreement = new(rpc, EachNode.Grace);
    private readonly Lock gate = new();
    private Task<IReadOnlyList<ChainBlock>>? newest;
    private long newestAt;
    private long? checkedAt;

    /// <summary>The same for all who ask within a second: so a question is one call, and not three.</summary>
    /// <returns>The newest block that two nodes have, and below it those that others have come to.</returns>
    public Task<IReadOnlyList<ChainBlock>> NewestBlocksAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (newest is null || newest.IsFaulted || newest.IsCanceled || time.GetElapsedTime(newestAt) >= AgeOfBlock)
            {
                (newest, newestAt) = (ReadForAllAsync(), time.GetTimestamp());
            }

            return newest.WaitAsync(cancellationToken);
        }
    }

    private async Task<IReadOnlyList<ChainBlock>> ReadForAllAsync()
    {
        using var timeout = new CancellationTokenSource(ContractWallets.AnswerTimeout, time);
        try
        {
            return await ReadNewestAsync(timeout.Token);
        }
        catch (OperationCanceledException fault)
        {
            throw new ChainUnavailableException(
                $"The chain's newest block was not given within {ContractWallets.AnswerTimeout.TotalSeconds:0} seconds.", fault);
        }
    }

    private async Task<IReadOnlyList<ChainBlock>> ReadNewestAsync(CancellationToken cancellationToken)
    {
        if (checkedAt is not { } at || time.GetElapsedTime(at) >= AgeOfChain)
        {
            var chain = await agreement.AskAsync(node => node.QuantityAsync("eth_chainId", cancellationToken), "the chain's id");
            if (chain != chainId)
            {
                throw new ChainUnavailableException($"The node is on chain {chain}, CHAIN_ID says {chainId}.");
            }

            checkedAt = time.GetTimestamp();
        }

        if (rpc.Urls.Count == 1)
        {
            return [(await rpc.CallAsync("eth_getBlockByNumber", Block, cancellationToken, "latest", false))?.Block
                ?? throw new ChainUnavailableException("The node does not say what its newest block is.")];
        }

        var (blocks, why) = (new List<ChainBlock>(), (ChainUnavailableException?)null);
        foreach (var height in await agreement.HeightsAsync(cancellationToken))
        {
            try
            {
                var block = await agreement.FindAsync(
                    node => node.CallAsync("eth_getBlockByNumber", Block, cancellationToken, JsonRpcClient.Hex(height), false),
                        $"block {height}", height, cancellationToken);
                if (block is not null && time.GetUtcNow() - block.MadeAt <= LongestHeld)
                {
                    blocks.Add(block.Block);
                    continue;
                }

                why ??= new ChainUnavailableException(block is null ? "The nodes of RPC_URL do not say what their newest block is."
                    : $"The newest block that two nodes of RPC_URL have is of {block.MadeAt:u}: one of them, or the chain, stands still.");
            }
            catch (ChainUnavailableException fault)
            {
                why ??= fault;
            }
        }

        return blocks.Count > 0 ? blocks : throw why!;
    }

    /// <param name="blocks">Asked at in turn, until the nodes agree.</param>
    /// <returns>With the block at which they do.</returns>
    public async Task<(ChainBlock At, bool IsValid)> IsValidAsync(
        WalletClaim claim, byte[] hash, IReadOnlyList<ChainBlock> blocks, CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                return (blocks[i], await IsValidAsync(claim, hash, blocks[i], cancellationToken));
            }
            catch (NodesDisagreeException) when (i < blocks.Count - 1)
            {
                // One lies, perhaps, and another has not come to this block.
            }
        }
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

    private static DatedBlock? Block(JsonElement block) => block.ValueKind == JsonValueKind.Null ? null : new DatedBlock(
        new ChainBlock((long)JsonRpcClient.Quantity(block.GetProperty("number")), JsonRpcClient.Hash(block.GetProperty("hash"))),
        DateTimeOffset.FromUnixTimeSeconds((long)JsonRpcClient.Quantity(block.GetProperty("timestamp"))));

    /// <summary>The contract ran and failed, as opposed to a node that did not let it run.</summary>
    private static bool IsTheContracts(RpcErrorException fault) =>
        fault.Refusal == RpcRefusal.Reverted || Array.Exists(Halted, word => fault.Message.Contains(word, StringComparison.OrdinalIgnoreCase));

    private sealed record DatedBlock(ChainBlock Block, DateTimeOffset MadeAt);
}
