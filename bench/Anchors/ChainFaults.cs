using System.Globalization;
using System.Text.Json.Nodes;
using CapOrleans.Bench.Chaos;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Anchors;

/// <summary>The faults of real providers and chains.</summary>
/// <param name="writer">Address of the account that anchors; the node signs for it.</param>
internal sealed class ChainFaults(FaultyChain proxy, DevChain chain, string writer, TimeSpan length)
{
    private int calls;

    public IReadOnlyList<Fault> All =>
    [
        Proxied("answers to what was sent are lost", null, (call, _) => Is(call, "eth_sendRawTransaction", "eth_getTransactionReceipt") ? call.HangUpAsync() : No),
        Proxied("the node is unavailable", call => call.HangUpAsync()),
        Proxied("401", call => call.AnswerAsync(401, "no")),
        Proxied("429 with Retry-After", call =>
        {
            call.Context.Response.Headers.RetryAfter = "2";
            return call.AnswerAsync(429, "slow down");
        }),
        Proxied("a page of HTML with 200", call => call.AnswerAsync(200, "<html>sign in</html>", "text/html")),
        Proxied("ranges of more than ten blocks are refused", call => call.Method == "eth_getLogs" && Range(call) > 10 ? call.RefuseAsync(-32005, "query exceeds max block range 10") : No),
        Proxied("every other answer is a block behind", call => Interlocked.Increment(ref calls) % 2 == 0 ? BehindAsync(call) : No, BehindAsync),
        Proxied("the chain returns no base fee", call => Is(call, "eth_feeHistory", "eth_maxPriorityFeePerGas") ? call.RefuseAsync(-32601, "the method does not exist") : No, WithoutBaseFee),
        Proxied("underpriced", call => call.Method == "eth_sendRawTransaction" ? call.RefuseAsync(-32000, "replacement transaction underpriced") : No),
        Proxied("more gas than a transaction may have", call => call.Method == "eth_estimateGas" && call.Body.ToJsonString().Length > 20_000
            ? call.RefuseAsync(-32000, "transaction gas limit too high (cap: 16777216, tx: 20000000)") : No),
        Proxied("every call reverts", call => call.Method == "eth_estimateGas" ? call.RefuseAsync(3, "execution reverted") : No),
        Proxied("answers take three seconds", async _ =>
        {
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
            return false;
        }),
        Chain("a base fee above the ceiling", () => chain.CallAsync("anvil_setNextBlockBaseFeePerGas", "0x1d1a94a2000")), // 2,000 gwei
        Chain("another program takes a nonce", () => chain.CallAsync("eth_sendTransaction", new { from = writer, to = writer, value = "0x0" })),
        Chain("three blocks are reorganised", () => chain.CallAsync("anvil_reorg", 3, Array.Empty<object>())),
    ];

    private static Task<bool> No => Task.FromResult(false);

    private Fault Proxied(string name, Func<ChainCall, Task<bool>>? before, Func<ChainCall, JsonObject, Task<bool>>? after = null) => new(
        name, length,
        () =>
        {
            (proxy.Before, proxy.After) = (before, after);
            return Task.CompletedTask;
        },
        () =>
        {
            proxy.Heal();
            return Task.CompletedTask;
        });

    private Fault Chain(string name, Func<Task> happens) => new(name, length, happens, () => Task.CompletedTask);

    private static bool Is(ChainCall call, params string[] methods) => methods.Contains(call.Method);

    private static long Range(ChainCall call) => Number(call.Parameters[0]!["toBlock"]) - Number(call.Parameters[0]!["fromBlock"]);

    private static long Number(JsonNode? hex) => long.Parse(((string)hex!).AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>
    /// Answers like a backend that has not reached the newest block and knows nothing of its contents.
    /// </summary>
    private async Task<bool> BehindAsync(ChainCall call)
    {
        var at = call.Method switch { "eth_call" or "eth_getTransactionCount" or "eth_getBalance" or "eth_getCode" => 1, "eth_getBlockByNumber" => 0, _ => -1 };
        if (at >= 0 && (string?)call.Parameters[at] == "latest")
        {
            call.Parameters[at] = $"0x{await HeightAsync() - 1:x}";
        }

        call.Context.Items["behind"] = true;
        return false;
    }

    private async Task<bool> BehindAsync(ChainCall call, JsonObject answer)
    {
        if (!call.Context.Items.ContainsKey("behind"))
        {
            return false;
        }

        if (call.Method == "eth_blockNumber")
        {
            answer["result"] = $"0x{Number(answer["result"]) - 1:x}";
        }
        else if (call.Method == "eth_getTransactionReceipt" && answer["result"] is JsonObject receipt && Number(receipt["blockNumber"]) == await HeightAsync())
        {
            answer["result"] = null;
        }

        return false;
    }

    private async Task<long> HeightAsync() => Number(JsonValue.Create((await chain.CallAsync("eth_blockNumber")).GetString()));

    private static Task<bool> WithoutBaseFee(ChainCall call, JsonObject answer)
    {
        (answer["result"] as JsonObject)?.Remove("baseFeePerGas");
        return No;
    }
}
