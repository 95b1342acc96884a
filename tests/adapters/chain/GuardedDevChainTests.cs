using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CapOrleans.Chain;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Chain;

/// <summary>
/// The dev chain as <c>./run</c> starts it: a page in a browser of this machine cannot call it, and no one without the
/// token can rewrite it.
/// </summary>
public sealed class GuardedDevChainTests : IAsyncLifetime
{
    private const int Terminate = 15;
    private const int Strangers = 32;
    private const string Loop = "0x00000000000000000000000000000000000000aa";

    private const string BlockNumber = """{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}""";
    private const string Somebody = "0x000000000000000000000000000000000000dEaD";
    private const string SetBalance = $$"""{"jsonrpc":"2.0","id":2,"method":"anvil_setBalance","params":["{{Somebody}}","0x2a"]}""";
    private const string Balance = $$"""{"jsonrpc":"2.0","id":3,"method":"eth_getBalance","params":["{{Somebody}}","latest"]}""";

    private readonly TempDirectory directory = new();
    private readonly HttpClient http = new();
    private readonly int port = Child.FreePort();
    private Child program = null!;

    private Uri Url => new($"http://127.0.0.1:{port}/");

    private string Token => File.ReadAllText(directory.File("token"));

    public async Task InitializeAsync()
    {
        using var bare = await DevChain.StartAsync(); // shows where anvil is installed
        var anvil = new FileInfo($"/proc/{bare.ProcessId}/exe").LinkTarget!;
        program = Child.Start(
            "node",
            [
                Repository.File("deploy", "npm", "dev-chain.mjs"), "--anvil", anvil, "--dir", directory.Path, "--port", $"{port}",
                "--chain-id", "31337",
            ]);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException)
            {
                return program.HasExited ? throw new InvalidOperationException(program.Output) : false;
            }
        });
    }

    public Task DisposeAsync()
    {
        program.Dispose();
        http.Dispose();
        directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_client_of_a_chain_is_served_and_the_owner_may_do_the_rest()
    {
        Assert.Equal("0x0", (await AskAsync(BlockNumber)).Text("result"));
        Assert.Equal(-32601, Code(await AskAsync(SetBalance)));
        Assert.Equal("0x0", (await AskAsync(Balance)).Text("result"));
        Assert.Equal(JsonValueKind.Null, (await AskAsync(SetBalance, token: Token)).GetProperty("result").ValueKind);
        Assert.Equal("0x2a", (await AskAsync(Balance)).Text("result"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory.File("token")));
        Assert.Equal("", program.Output);
    }

    [Theory]
    [InlineData("anvil_setCode")]
    [InlineData("anvil_impersonateAccount")]
    [InlineData("hardhat_setNonce")]
    [InlineData("evm_mine")]
    [InlineData("debug_traceTransaction")]
    [InlineData("trace_block")]
    [InlineData("txpool_content")]
    [InlineData("ots_getApiLevel")]
    [InlineData("tenderly_setBalance")]
    [InlineData("wallet_sendTransaction")]
    [InlineData("personal_sign")]
    [InlineData("eth_sendTransaction")]
    [InlineData("eth_sendUnsignedTransaction")]
    [InlineData("eth_sign")]
    [InlineData("eth_signTypedData_v4")]
    [InlineData("eth_callMany")]
    [InlineData("eth_getProof")]
    [InlineData("eth_newFilter")]
    [InlineData("eth_simulateV1")]
    [InlineData("eth_subscribe")]
    public async Task What_rewrites_the_chain_or_signs_for_others_needs_the_token(string method)
    {
        var request = $$"""{"jsonrpc":"2.0","id":7,"method":"{{method}}","params":[]}""";
        foreach (var token in (string?[])[null, "", new string('0', 64), Token[..^1]])
        {
            Assert.Equal(-32601, Code(await AskAsync(request, token)));
        }
    }

    [Fact]
    public async Task A_batch_is_answered_one_by_one_and_hides_nothing()
    {
        var answers = (await AskAsync($"[{SetBalance},{Balance},{BlockNumber}]")).EnumerateArray()
            .ToDictionary(answer => answer.GetProperty("id").GetInt32());
        Assert.Equal([1, 2, 3], answers.Keys.Order());
        Assert.Equal(-32601, Code(answers[2]));
        Assert.Equal(("0x0", "0x0"), (answers[1].Text("result"), answers[3].Text("result")));

        // Of a duplicate member, the value that was checked is the one that the chain reads too.
        const string Twice = """{"jsonrpc":"2.0","id":2,"method":"evm_snapshot","method":"eth_chainId","params":[]}""";
        Assert.Equal("0x7a69", (await AskAsync(Twice)).Text("result"));
        Assert.Equal(
            -32601, Code(await AskAsync("""{"jsonrpc":"2.0","id":2,"method":"eth_chainId","method":"evm_snapshot","params":[]}""")));
        Assert.Equal(-32600, Code(await AskAsync($"[{string.Join(',', Enumerable.Repeat(BlockNumber, 101))}]")));
    }

    [Theory]
    [InlineData(3_000)]
    [InlineData(200_000)]
    public async Task An_endlessly_nested_request_is_refused_and_crashes_nothing(int levels)
    {
        var nested = $$"""{"jsonrpc":"2.0","id":1,"method":"eth_call","params":{{new string('[', levels)}}{{new string(']', levels)}}}""";
        Assert.Equal(-32600, Code(await AskAsync(nested)));
        Assert.Equal("0x0", (await AskAsync(BlockNumber)).Text("result"));
    }

    [Fact]
    public async Task A_page_in_a_browser_is_refused_whatever_it_sends()
    {
        foreach (var (what, change) in new (string, Action<HttpRequestMessage>)[]
        {
            ("another origin", request => request.Headers.Add("Origin", "https://evil.example")),
            ("no origin to tell", request => request.Headers.Add("Origin", "null")),
            ("this machine's own page", request => request.Headers.Add("Origin", Url.ToString().TrimEnd('/'))),
            ("no preflight", request => request.Headers.Add("Sec-Fetch-Site", "cross-site")),
            ("a name that was bound anew", request => request.Headers.Host = $"evil.example:{port}"),
            ("no port", request => request.Headers.Host = "127.0.0.1"),
            ("a preflight", request =>
            {
                request.Method = HttpMethod.Options;
                request.Headers.Add("Origin", "https://evil.example");
            }),
        })
        {
            Assert.True(HttpStatusCode.Forbidden == await StatusAsync(change), what);
        }

        Assert.Equal(
            HttpStatusCode.UnsupportedMediaType,
            await StatusAsync(request => request.Content!.Headers.ContentType = new MediaTypeHeaderValue("text/plain")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(request => request.RequestUri = new Uri(Url, "/other")));
        Assert.StartsWith(
            "HTTP/1.1 413",
            await RawAsync("POST", "Content-Type: application/json", $"Content-Length: {(4 * 1024 * 1024) + 1}"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 405", await RawAsync("GET", "Connection: close"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(request => request.Headers.Host = $"localhost:{port}"));
    }

    [Fact]
    public async Task A_WebSocket_is_refused_because_browsers_do_not_check_its_origin() => Assert.StartsWith(
        "HTTP/1.1 403",
        await RawAsync(
            "GET", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
        StringComparison.Ordinal);

    [Fact]
    public async Task A_client_that_asks_for_a_WebSocket_and_disconnects_does_not_end_the_chain()
    {
        for (var i = 0; i < 100; i++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
            await socket.ConnectAsync(Url.Host, Url.Port);
            await socket.SendAsync("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"u8.ToArray());
            socket.Close(0); // a reset: no one receives the answer
        }

        Assert.Equal("0x0", (await AskAsync(BlockNumber)).Text("result"));
    }

    [Fact]
    public async Task The_chain_s_own_port_cannot_be_reached_by_anyone()
    {
        var anvil = await AnvilAsync();
        var sockets = new DirectoryInfo($"/proc/{anvil}/fd").GetFiles().Select(file => file.LinkTarget ?? "")
            .Where(target => target.StartsWith("socket:[", StringComparison.Ordinal)).Select(target => target[8..^1]).ToHashSet();
        var (its, ours) = (Listeners($"/proc/{anvil}/net"), Listeners("/proc/self/net"));
        Assert.Contains(its, sockets.Contains); // it does listen, in a network namespace of its own
        Assert.DoesNotContain(ours, sockets.Contains);
    }

    [Fact]
    public async Task The_product_gives_its_writer_money_with_the_token_and_not_without()
    {
        var options = new ChainOptions(31337, PrivateKey.Create(), null, IsDevChain: true);
        AnchorContract Contract(string? tokenFile) => new(new JsonRpcClient(http, Url, tokenFile), options, TimeProvider.System);
        var fault = await Assert.ThrowsAsync<RpcErrorException>(() => Contract(null).ReadPositionAsync("log",
            new InMemorySentTransactions(), default));
        Assert.Contains("token", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ChainUnavailableException>(() => Contract(directory.File("nowhere")).ReadPositionAsync("log",
            new InMemorySentTransactions(), default));
        Assert.Equal(0, (await Contract(directory.File("token")).ReadPositionAsync("log", new InMemorySentTransactions(),
            default)).Position);
    }

    [Theory]
    [InlineData(Terminate)]
    [InlineData(9)]
    public async Task The_chain_keeps_its_state_and_ends_with_the_program_even_when_that_is_killed(int signal)
    {
        await AskAsync(SetBalance, token: Token);
        var anvil = await AnvilAsync();
        program.Signal(signal);
        var status = await program.ExitAsync();
        await Eventually.TrueAsync(() => !Directory.Exists($"/proc/{anvil}"));
        Assert.Equal(signal == Terminate ? 0 : 137, status);
        Assert.Contains("\"0x2a\"", await File.ReadAllTextAsync(directory.File("state.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eth_call", """{"to":"0xaa","gas":"0x1c9c381"},"latest" """)]
    [InlineData("eth_call", """{"to":"0xaa","gas":"0x7fffffffffffffff"},"latest" """)]
    [InlineData("eth_call", """{"to":"0xaa","gas":30000001},"latest" """)]
    [InlineData("eth_call", """{"to":"0xaa","gas":"50000000"},"latest" """)]
    [InlineData("eth_call", """{"to":"0xaa","gas":["0x1"]},"latest" """)]
    [InlineData("eth_call", """{"to":"0xaa","gasLimit":"0x7fffffffffffffff"},"latest" """)]
    [InlineData("eth_call", """{"to":"0xaa","authorizationList":[]},"latest" """)]
    [InlineData("eth_call", """{"to":"0xaa","gas":"0x7fffffffffffffff"},"latest",{"0xaa":{"code":"0x5b600056"}}""")]
    [InlineData("eth_call", """{"to":"0xaa"},"latest",{"0xaa":{"code":"0x5b600056"}}""")]
    [InlineData("eth_call", """{"to":"0xaa"},"latest",null,{"gasLimit":"0x7fffffffffffffff"}""")]
    [InlineData("eth_estimateGas", """{"to":"0xaa","gas":"0x7fffffffffffffff"}""")]
    [InlineData("eth_estimateGas", """{"to":"0xaa"},"latest",{"0xaa":{"code":"0x5b600056"}}""")]
    [InlineData("eth_createAccessList", """{"to":"0xaa","gas":"0x7fffffffffffffff"},"latest" """)]
    [InlineData("eth_createAccessList", """{"to":"0xaa"},"latest",{"0xaa":{"code":"0x5b600056"}}""")]
    [InlineData("eth_feeHistory", "\"0xffffffff\",\"latest\",[1]")]
    [InlineData("eth_getLogs", """{"fromBlock":"1.5"}""")]
    public async Task Calls_that_would_keep_the_chain_busy_forever_need_the_token(string method, string parameters)
    {
        var request = $$"""{"jsonrpc":"2.0","id":7,"method":"{{method}}","params":[{{parameters.Replace("0xaa", Loop, StringComparison.Ordinal)}}]}""";
        Assert.Equal(-32602, Code(await AskAsync(request)));
        Assert.Equal(-32602, Code((await AskAsync($"[{BlockNumber},{request}]"))[1]));
    }

    [Fact]
    public async Task A_loop_ends_at_the_block_gas_limit_and_only_the_owner_may_override_code()
    {
        const string SetLoop = $$"""{"jsonrpc":"2.0","id":1,"method":"anvil_setCode","params":["{{Loop}}","0x5b600056"]}""";
        Assert.False((await AskAsync(SetLoop, Token)).TryGetProperty("error", out _));
        foreach (var gas in (string[])["", ",\"gas\":\"0x1c9c380\""])
        {
            var call = $$"""{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":"{{Loop}}"{{gas}}},"latest"]}""";
            Assert.Contains("OutOfGas", (await AskAsync(call)).GetProperty("error").Text("message"), StringComparison.Ordinal);
        }

        const string WithCode = $$"""{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":"{{Loop}}"},"latest",{"{{Loop}}":{"code":"0x60205ff3"} }]}""";
        Assert.Equal($"0x{new string('0', 64)}", (await AskAsync(WithCode, Token)).Text("result"));
    }

    [Theory]
    [InlineData(true, 9_999, """{"fromBlock":"earliest","toBlock":"latest"}""")]
    [InlineData(false, 10_000, """{"fromBlock":"earliest","toBlock":"latest"}""")]
    [InlineData(true, 20_000, """{"fromBlock":"0x2711"}""")]
    [InlineData(false, 20_000, """{"fromBlock":"0x2710"}""")]
    [InlineData(false, 20_000, """{"fromBlock":"finalized","toBlock":"0xffffffffffffffff"}""")]
    [InlineData(false, 20_000, """{"fromBlock":"0x1 ","toBlock":"0x2"}""")]
    [InlineData(true, 20_000, "{}")]
    public async Task Logs_are_searched_within_ten_thousand_blocks(bool isSearched, int newest, string filter)
    {
        var rules = new Uri(Repository.File("deploy", "npm", "dev-chain-calls.mjs"));
        var refusal = await Child.RunAsync(
            "node", "--input-type=module", "-e",
            $"import {{ boundsRefusal }} from '{rules}'; console.log(await boundsRefusal('eth_getLogs', [{filter}], async () => {newest}));");
        Assert.Equal(isSearched ? "null" : "At most 10000 blocks, named by numbers written as 0x and hexadecimal digits.", refusal.Trim());
    }

    [Fact]
    public async Task Strangers_share_a_bounded_number_of_places_and_the_owner_needs_none()
    {
        var anvil = await AnvilAsync();
        await Child.RunAsync("kill", "-STOP", $"{anvil}"); // a chain that stays busy for as long as this test wants
        var before = AnvilSockets();
        using var hangUp = new CancellationTokenSource();
        var asked = Enumerable.Range(0, Strangers + 5).Select(_ => PostAsync(BlockNumber, hangUp.Token)).ToList();
        for (var i = 0; i < 5; i++)
        {
            var refused = await Task.WhenAny(asked);
            asked.Remove(refused);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await refused);
        }

        var owner = AskAsync(Balance, Token);
        await Eventually.TrueAsync(() => AnvilSockets() == before + 3); // two calls of strangers, and the owner's

        // Slots of callers that hang up are freed, and their waiting calls dropped; calls in progress keep theirs.
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asked));
        var next = PostAsync(BlockNumber, default);
        await Child.RunAsync("kill", "-CONT", $"{anvil}");
        Assert.Equal("0x0", (await owner).Text("result"));
        Assert.True(await next is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable);
        await Eventually.TrueAsync(async () => await PostAsync(BlockNumber, default) == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_chain_that_does_not_end_is_killed()
    {
        var anvil = await AnvilAsync();
        await Child.RunAsync("kill", "-STOP", $"{anvil}");
        program.Signal(Terminate);
        Assert.Equal(137, await program.ExitAsync());
        Assert.False(Directory.Exists($"/proc/{anvil}"));
        Assert.Contains("did not end within 5 seconds", program.Output, StringComparison.Ordinal);
    }

    private async Task<int> AnvilAsync() =>
        int.Parse((await File.ReadAllTextAsync($"/proc/{program.Id}/task/{program.Id}/children")).Trim(), CultureInfo.InvariantCulture);

    /// <returns>Number of connections from the program to anvil.</returns>
    private int AnvilSockets()
    {
        var inodes = File.ReadLines($"/proc/{program.Id}/net/unix").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[6]).ToHashSet();
        return new DirectoryInfo($"/proc/{program.Id}/fd").GetFiles().Select(file => file.LinkTarget ?? "")
            .Count(target => target.StartsWith("socket:[", StringComparison.Ordinal) && inodes.Contains(target[8..^1]));
    }

    /// <returns>Inodes of the sockets that listen in a network namespace.</returns>
    private static IEnumerable<string> Listeners(string network) => ((string[])["tcp", "tcp6"])
        .SelectMany(name => File.ReadLines($"{network}/{name}").Skip(1))
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(fields => fields[3] == "0A").Select(fields => fields[9]);

    private static int Code(JsonElement answer) => answer.GetProperty("error").GetProperty("code").GetInt32();

    private async Task<JsonElement> AskAsync(string body, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url) { Content = Json(body) };
        if (token is not null)
        {
            request.Headers.Add("X-Dev-Chain-Token", token);
        }

        using var answer = await http.SendAsync(request);
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync());
    }

    /// <returns>Everything received until the other side closes the connection.</returns>
    private async Task<string> RawAsync(string method, params string[] headers)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"{method} / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{string.Join("\r\n", headers)}\r\n\r\n"));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync();
    }

    private async Task<HttpStatusCode> StatusAsync(Action<HttpRequestMessage> change)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url) { Content = Json(BlockNumber) };
        change(request);
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private async Task<HttpStatusCode> PostAsync(string body, CancellationToken cancellationToken)
    {
        using var content = Json(body);
        using var answer = await http.PostAsync(Url, content, cancellationToken);
        return answer.StatusCode;
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
