using System.Net;
using System.Text.Json;
using CapOrleans.Chain;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Fuzz.Targets;

namespace CapOrleans.Tests.Chain;

public sealed class ChainAccountTests
{
    [Fact]
    public async Task No_transaction_is_sent_to_a_chain_whose_price_exceeds_the_limit()
    {
        using var chain = await DevChain.StartAsync(); // asks for 1 gwei, and a tip of 1
        using var http = new HttpClient();
        var writer = PrivateKey.Create();
        AnchorContract Contract(int limit) => new(
            new JsonRpcClient(http, chain.Url), new ChainOptions(31337, writer, null, IsDevChain: true) { MaxFeeGwei = limit },
            TimeProvider.System);

        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() => Contract(1).ReadPositionAsync("log",
            new InMemorySentTransactions(), default));
        Assert.StartsWith("The chain's gas price is 2 gwei, above Chain__MaxFeeGwei (1)", fault.Message, StringComparison.Ordinal);
        Assert.Equal("0x0", (await chain.CallAsync("eth_getTransactionCount", writer.Address.ToString(), "pending")).GetString());
        // The price may equal the limit.
        Assert.Equal(0, (await Contract(2).ReadPositionAsync("log", new InMemorySentTransactions(), default)).Position);
    }

    [Fact]
    public async Task The_fee_of_a_pending_transaction_is_raised_but_never_beyond_the_limit()
    {
        using var node = new Underpriced();
        using var http = new HttpClient(node);
        var url = new Uri("http://127.0.0.1:1/");
        var options = new ChainOptions(31337, PrivateKey.Create(), PrivateKey.Create().Address, IsDevChain: false)
        {
            MaxFeeGwei = 4, PollInterval = TimeSpan.FromMilliseconds(1), WaitTimeout = TimeSpan.FromHours(1),
        };
        var contract = new AnchorContract(new JsonRpcClient(http, url), options, new HastyTime());
        var batch = new AnchorBatch("log", 0, 1, new byte[32], 1, [], []);
        var sent = new InMemorySentTransactions();
        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() => contract.AnchorAsync(batch, sent, default));
        Assert.Contains("underpriced", fault.Message, StringComparison.Ordinal);
        Assert.Equal((3, 3), (node.Sent.Distinct().Count(), sent.All[0].Hashes.Count)); // 2.5, 3.125 and 3.9 gwei: nodes want a tenth more
        Assert.InRange(sent.All[0].Cap, 3_900_000_000, 4_000_000_000);
        Assert.Equal(JsonRpcClient.Hex(sent.All[0].Raw), node.Sent[^1]); // and is sent again unchanged
    }

    [Theory]
    [InlineData("replacement transaction underpriced", 36_000)]
    [InlineData("already known", 36_000)]
    [InlineData("insufficient funds for gas * price + value", 0)]
    public async Task Gas_of_a_transaction_with_unknown_outcome_counts_and_of_a_refused_one_does_not(string answer, long counted)
    {
        using var node = new Underpriced { Refusal = answer };
        using var http = new HttpClient(node);
        var options = new ChainOptions(31337, PrivateKey.Create(), PrivateKey.Create().Address, IsDevChain: false) { PollInterval = TimeSpan.FromMilliseconds(1) };
        var sent = new CountedGas();
        await Assert.ThrowsAnyAsync<ChainUnavailableException>(() => new AnchorContract(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), options, new HastyTime())
            .AnchorAsync(new AnchorBatch("log", 0, 1, new byte[32], 1, [], []), sent, default));
        Assert.Equal(counted, sent.Gas);
    }

    [Fact]
    public async Task Gas_of_a_transaction_that_no_node_knows_any_more_is_no_longer_counted()
    {
        using var node = new Underpriced { Refusal = "insufficient funds for gas * price + value", Takes = 1 };
        using var http = new HttpClient(node);
        var options = new ChainOptions(31337, PrivateKey.Create(), PrivateKey.Create().Address, IsDevChain: false)
        {
            PollInterval = TimeSpan.FromMilliseconds(1),
        };
        var (contract, sent) = (new AnchorContract(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), options, new HastyTime()), new CountedGas());
        var batch = new AnchorBatch("log", 0, 1, new byte[32], 1, [], []);
        var fault = await Assert.ThrowsAsync<ChainUnavailableException>(() => contract.AnchorAsync(batch, sent, default));
        Assert.Contains("the node refuses the transaction", fault.Message, StringComparison.Ordinal);
        Assert.InRange(node.Sent.Count, 2, 10);
        Assert.Equal((0, 0), (sent.Gas, sent.All.Count));
    }

    private sealed class CountedGas : ISentTransactions
    {
        public IReadOnlyList<SentTransaction> All { get; private set; } = [];

        public long Gas { get; private set; }

        public Task StoreAsync(IReadOnlyList<SentTransaction> sent, long gas = 0)
        {
            (All, Gas) = (sent, Gas + gas);
            return Task.CompletedTask;
        }
    }

    /// <summary>
    /// Asks for a base fee of 1 gwei and a tip of half a gwei, and calls every transaction underpriced.
    /// </summary>
    private sealed class Underpriced : HttpMessageHandler
    {
        public List<string> Sent { get; } = [];

        public string Refusal { get; init; } = "replacement transaction underpriced";

        /// <summary>Number of transactions that it accepts, and forgets.</summary>
        public int Takes { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var asked = JsonElement.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
            var method = asked.Text("method");
            if (method == "eth_sendRawTransaction")
            {
                Sent.Add(asked.GetProperty("params")[0].GetString()!);
            }

            var answer = method switch
            {
                "eth_chainId" => "\"result\":\"0x7a69\"",
                "eth_getCode" => "\"result\":\"0x60\"",
                "eth_getBlockByNumber" => "\"result\":{\"baseFeePerGas\":\"0x3b9aca00\"}",
                "eth_maxPriorityFeePerGas" => "\"result\":\"0x1dcd6500\"",
                "eth_estimateGas" => "\"result\":\"0x7530\"",
                "eth_getTransactionReceipt" => "\"result\":null",
                "eth_sendRawTransaction" when Sent.Count <= Takes => $"\"result\":\"0x{new string('a', 64)}\"",
                "eth_sendRawTransaction" => $"\"error\":{{\"code\":-32000,\"message\":\"{Refusal}\"}}",
                _ => "\"result\":\"0x0\"",
            };
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent($"{{\"jsonrpc\":\"2.0\",\"id\":1,{answer}}}") };
        }
    }
}
