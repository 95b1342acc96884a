using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Chain.Rpc;
using CapOrleans.Chain.Transactions;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>Sends transactions of one account, one at a time, and waits for their receipts.</summary>
internal sealed class ChainAccount(JsonRpcClient rpc, ChainOptions options, TimeProvider time)
{
    /// <summary>Replacements of a transaction that a node calls underpriced, each a quarter dearer.</summary>
    private const int MaxFeeBumps = 8;

    private static readonly BigInteger Gwei = 1_000_000_000;

    private readonly string address = options.Writer.Address.ToString();

    private BigInteger MaxFee => options.MaxFeeGwei * Gwei;

    /// <returns>The receipt of a transaction that did not revert.</returns>
    /// <exception cref="ChainUnavailableException">Not sent, reverted, dearer than the options allow, or unknown.</exception>
    public async Task<JsonElement> SendAsync(EthereumAddress? to, byte[] data, CancellationToken cancellationToken)
    {
        await FundAsync(cancellationToken);
        await SettleAsync(cancellationToken);
        var nonce = await CountAsync("latest", cancellationToken);
        var gas = await EstimateAsync(to, data, cancellationToken);
        var (tip, cap) = await FeesAsync(cancellationToken);
        for (var bump = 0; ; bump++)
        {
            var (raw, hash) = new DynamicFeeTransaction(options.ChainId, nonce, tip, cap, gas, to, data).Sign(options.Writer);
            try
            {
                await rpc.CallAsync("eth_sendRawTransaction", cancellationToken, JsonRpcClient.Hex(raw));
            }
            catch (RpcErrorException fault) when (Says(fault, "underpriced") && bump < MaxFeeBumps)
            {
                if (cap == MaxFee)
                {
                    throw TooDear(cap * 5 / 4);
                }

                (tip, cap) = (BigInteger.Min(tip * 5 / 4, MaxFee), BigInteger.Min(cap * 5 / 4, MaxFee));
                continue;
            }
            catch (RpcErrorException fault) when (Says(fault, "already imported") || Says(fault, "already known"))
            {
                // It was sent before: its receipt is what counts.
            }

            return await ReceiptAsync(hash, cancellationToken);
        }
    }

    public Task<long> CountAsync(string block, CancellationToken cancellationToken) =>
        rpc.NumberAsync("eth_getTransactionCount", cancellationToken, address, block);

    private static bool Says(RpcErrorException fault, string words) => fault.Message.Contains(words, StringComparison.OrdinalIgnoreCase);

    /// <summary>Lets a transaction of a former life arrive; one that never does is replaced by the next.</summary>
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (await CountAsync("pending", cancellationToken) > await CountAsync("latest", cancellationToken)
            && time.GetElapsedTime(started) < ChainOptions.ReceiptPatience)
        {
            await Task.Delay(ChainOptions.ReceiptPoll, time, cancellationToken);
        }
    }

    private async Task<long> EstimateAsync(EthereumAddress? to, byte[] data, CancellationToken cancellationToken)
    {
        var call = new JsonObject { ["from"] = address, ["data"] = JsonRpcClient.Hex(data) };
        if (to is not null)
        {
            call["to"] = to.Value.ToString();
        }

        return await rpc.NumberAsync("eth_estimateGas", cancellationToken, call) / 5 * 6;
    }

    private async Task<(BigInteger Tip, BigInteger Cap)> FeesAsync(CancellationToken cancellationToken)
    {
        var block = await rpc.CallAsync("eth_getBlockByNumber", cancellationToken, "latest", false);
        var tip = await rpc.QuantityAsync("eth_maxPriorityFeePerGas", cancellationToken);
        var baseFee = rpc.Read(block, newest => JsonRpcClient.Quantity(newest.GetProperty("baseFeePerGas")));
        return baseFee + tip <= MaxFee ? (tip, BigInteger.Min((baseFee * 2) + tip, MaxFee)) : throw TooDear(baseFee + tip);
    }

    private ChainUnavailableException TooDear(BigInteger asked) => new(
        $"The chain asks {(asked + Gwei - 1) / Gwei} gwei, Chain__MaxFeeGwei is {options.MaxFeeGwei}: nothing is sent until it asks less.");

    private async Task<JsonElement> ReceiptAsync(byte[] hash, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < ChainOptions.ReceiptPatience)
        {
            var receipt = await rpc.CallAsync("eth_getTransactionReceipt", cancellationToken, JsonRpcClient.Hex(hash));
            if (receipt.ValueKind == JsonValueKind.Object)
            {
                return rpc.Read(receipt, sent => sent.GetProperty("status").GetString()) == "0x1"
                    ? receipt
                    : throw new ChainUnavailableException($"Transaction {JsonRpcClient.Hex(hash)} reverted.");
            }

            await Task.Delay(ChainOptions.ReceiptPoll, time, cancellationToken);
        }

        throw new ChainUnavailableException(
            $"Transaction {JsonRpcClient.Hex(hash)} has no receipt after {ChainOptions.ReceiptPatience.TotalSeconds:0} s.");
    }

    private async Task FundAsync(CancellationToken cancellationToken)
    {
        if (options.IsDevChain && await rpc.QuantityAsync("eth_getBalance", cancellationToken, address, "latest") < BigInteger.Pow(10, 18))
        {
            await rpc.CallAsync("anvil_setBalance", cancellationToken, address, JsonRpcClient.Hex(BigInteger.Pow(10, 24)));
        }
    }
}
