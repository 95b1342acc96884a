using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Abi;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Chain;

/// <summary>Asks a wallet about a signature, at a recent block; the nodes must agree on its answer.</summary>
internal sealed class WalletQuestion(JsonRpcClient rpc, long chainId, TimeProvider time)
{
    /// <summary>Gas that the wallet's code may use.</summary>
    private const long Gas = 5_000_000;

    private static readonly ContractAbi Wallet = new(JsonElement.Parse(
        """[{"type":"function","name":"isValidSignature","inputs":[{"name":"hash","type":"bytes32"},{"name":"signature","type":"bytes"}]}]"""));

    /// <summary>Node messages that mean a contract ran and failed, for nodes without an error code for that.</summary>
    private static readonly string[] ExecutionFailedTexts =
    [
        "invalid opcode", "bad instruction", "invalid jump", "stack underflow", "stack limit reached", "out of gas", "evm error", "write protection",
        "return data out of bounds", "gas uint64 overflow", "max code size exceeded",
    ];

    private static readonly byte[] MagicValue = [0x16, 0x26, 0xBA, 0x7E, .. new byte[28]];

    /// <summary>
    /// How long the newest block is cached, and how long the check of the chain id is valid. 1 second, 1 minute.
    /// </summary>
    private static readonly TimeSpan BlockTtl = TimeSpan.FromSeconds(1), ChainTtl = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Oldest block that is used, by its own timestamp: one of several nodes could name an old block, at which a former
    /// owner can still sign for the wallet. 2 minutes, in which Ethereum may miss ten blocks.
    /// </summary>
    public static readonly TimeSpan MaxBlockAge = TimeSpan.FromMinutes(2);

    /// <summary>Uses the short grace: a query's three seconds must leave time to try a lower block.</summary>
    private readonly Agreement agreement = new(rpc, EachNode.Grace);
    private readonly Lock gate = new();
    private Task<IReadOnlyList<ChainBlock>>? newest;
    private long newestAt;
    private long? checkedAt;

    /// <summary>
    /// Reads the newest blocks, once for all queries within a second, so that a query costs one call instead of three.
    /// </summary>
    /// <returns>The newest block that two nodes have, and below it those that the other nodes have reached.</returns>
    public Task<IReadOnlyList<ChainBlock>> NewestBlocksAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (newest is null || newest.IsFaulted || newest.IsCanceled || time.GetElapsedTime(newestAt) >= BlockTtl)
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
                $"The chain's newest block could not be read within {ContractWallets.AnswerTimeout.TotalSeconds:0} seconds.", fault);
        }
    }

    private async Task<IReadOnlyList<ChainBlock>> ReadNewestAsync(CancellationToken cancellationToken)
    {
        if (checkedAt is not { } at || time.GetElapsedTime(at) >= ChainTtl)
        {
            var chain = await agreement.AskAsync(node => node.QuantityAsync("eth_chainId", cancellationToken), "the chain's id");
            if (chain != chainId)
            {
                throw new ChainUnavailableException($"The node is on chain {chain}, but CHAIN_ID is {chainId}.");
            }

            checkedAt = time.GetTimestamp();
        }

        if (rpc.Urls.Count == 1)
        {
            return [(await rpc.CallAsync("eth_getBlockByNumber", Block, cancellationToken, "latest", false))?.Block
                ?? throw new ChainUnavailableException("The node did not return its newest block.")];
        }

        var (blocks, firstFault) = (new List<ChainBlock>(), (ChainUnavailableException?)null);
        foreach (var height in await agreement.HeightsAsync(cancellationToken))
        {
            try
            {
                var block = await agreement.FindAsync(
                    node => node.CallAsync("eth_getBlockByNumber", Block, cancellationToken, JsonRpcClient.Hex(height), false),
                        $"block {height}", height, cancellationToken);
                if (block is not null && time.GetUtcNow() - block.MadeAt <= MaxBlockAge)
                {
                    blocks.Add(block.Block);
                    continue;
                }

                firstFault ??= new ChainUnavailableException(block is null ? "The nodes of RPC_URL did not return their newest block."
                    : $"The newest block that two nodes of RPC_URL have dates from {block.MadeAt:u}: one of them, or " +
                        "the chain, has stalled.");
            }
            catch (ChainUnavailableException fault)
            {
                firstFault ??= fault;
            }
        }

        return blocks.Count > 0 ? blocks : throw firstFault!;
    }

    /// <param name="blocks">Tried in order, until the nodes agree.</param>
    /// <returns>The wallet's answer, and the block at which the nodes agree on it.</returns>
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
                // Perhaps one node lies, and another has not reached this block: try the next lower one.
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
        // By hash (EIP-1898): the same number could be another block by now.
        var at = new JsonObject { ["blockHash"] = block.Hash, ["requireCanonical"] = true };
        return await agreement.AskAsync(node => IsValidAsync(node, call, at, cancellationToken), $"wallet {claim.Wallet}");
    }

    private static async Task<bool> IsValidAsync(JsonRpcClient node, JsonObject call, JsonObject at, CancellationToken cancellationToken)
    {
        try
        {
            return (await node.DataAsync("eth_call", cancellationToken, call, at)).AsSpan().SequenceEqual(MagicValue);
        }
        catch (RpcErrorException fault) when (IsContractFailure(fault))
        {
            return false;
        }
    }

    private static DatedBlock? Block(JsonElement block) => block.ValueKind == JsonValueKind.Null ? null : new DatedBlock(
        new ChainBlock((long)JsonRpcClient.Quantity(block.GetProperty("number")), JsonRpcClient.Hash(block.GetProperty("hash"))),
        DateTimeOffset.FromUnixTimeSeconds((long)JsonRpcClient.Quantity(block.GetProperty("timestamp"))));

    /// <summary>Whether the contract ran and failed, as opposed to a node that did not let it run.</summary>
    private static bool IsContractFailure(RpcErrorException fault) =>
        fault.Refusal == RpcRefusal.Reverted || Array.Exists(ExecutionFailedTexts, word => fault.Message.Contains(word,
            StringComparison.OrdinalIgnoreCase));

    private sealed record DatedBlock(ChainBlock Block, DateTimeOffset MadeAt);
}
