using System.Net;
using System.Text;
using CapOrleans.Chain;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Fuzz.Engine;

namespace CapOrleans.Fuzz.Targets;

/// <summary>
/// A chain node that answers anything: its callers must get ChainUnavailableException and nothing else.
/// </summary>
internal static class ChainAnswerTarget
{
    private static readonly AnchorBatch Batch = new("caporleans/fuzz/0", 0, 1, new byte[32], 1, [], []);

    public static Target Create() => new(
        "chain-answer",
        [
            .. ((string[])[
                """{"jsonrpc":"2.0","id":1,"result":"0x000000000000000000000000000000000000000000000000000000000000002a"}""",
                $$"""{"jsonrpc":"2.0","id":1,"result":[{"transactionHash":"0x11","blockNumber":"0x2","data":"0x{{new string('0', 190)}}2a"}]}""",
                """{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no","data":"0x"}}""",
            ]).Select(Encoding.UTF8.GetBytes),
        ],
        [.. ((string[])["\"result\":", "\"error\":", "\"code\":", "\"message\":", "\"data\":", "null", "[]", "{}", "\"0x\"", "\"0x0\"", "\"\"", "\"0xzz\"", "-1", "true", "ffffffffffffffffffffffff", "\"blockNumber\":"]).Select(Encoding.UTF8.GetBytes)],
        Check);

    private static void Check(byte[] input)
    {
        var answer = new Answer(input);
        using var http = new HttpClient(answer);
        _ = PrivateKey.TryParse(new string('1', 64), out var writer);
        var address = writer!.Address;
        var options = new ChainOptions(AdmissionPolicy.DevChainId, writer, address, IsDevChain: false);
        var contract = new AnchorContract(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), options, new HastyTime());
        var tokens = new CapNft(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), options, address, new HastyTime());
        var wallets = new ContractWallets(new JsonRpcClient(http, new Uri("http://127.0.0.1:1/")), AdmissionPolicy.DevChainId, new HastyTime());
        foreach (var isAll in (bool[])[false, true])
        {
            answer.IsAll = isAll;
            Ask(() => contract.ReadPositionAsync("caporleans/fuzz/0", new InMemorySentTransactions(), CancellationToken.None));
            var blocks = new BlockRange(0, 1_000);
            Ask(() => contract.FindAsync("caporleans/fuzz/0", 0, blocks, new InMemorySentTransactions(), CancellationToken.None));
            Ask(() => contract.AnchorAsync([Batch], new InMemorySentTransactions(), CancellationToken.None));
            Ask(() => tokens.MirrorAsync([new MirroredCap("Z-001", null, 1, [])], new InMemorySentTransactions(), CancellationToken.None));
            Ask(() => wallets.FindBlockAsync(new WalletClaim(address, [1]), new byte[32], "", CancellationToken.None));
        }
    }

    private static void Ask<T>(Func<Task<T>> ask)
    {
        try
        {
            _ = ask().GetAwaiter().GetResult();
        }
        catch (ChainUnavailableException)
        {
            // promised
        }
    }

    /// <param name="body">Answer to the last call of an operation; to every call when <see cref="IsAll"/>.</param>
    private sealed class Answer(byte[] body) : HttpMessageHandler
    {
        public bool IsAll { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var asked = await request.Content!.ReadAsStringAsync(cancellationToken);
            var bytes = IsAll ? body
                : asked.Contains("eth_chainId", StringComparison.Ordinal) ? "{\"result\":\"0x7a69\"}"u8.ToArray()
                : asked.Contains("eth_getCode", StringComparison.Ordinal) ? "{\"result\":\"0x60\"}"u8.ToArray()
                : body;
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } } };
        }
    }
}
