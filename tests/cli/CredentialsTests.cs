using System.Net;
using System.Net.Sockets;
using CapOrleans.Core.Access;

namespace CapOrleans.Tests.Cli;

/// <summary>Which server is sent which secret.</summary>
public sealed class CredentialsTests : IAsyncLifetime
{
    private const string Unauthenticated = """{"type":"urn:caporleans:problem:unauthenticated","title":"unauthenticated"}""";

    private readonly TempDirectory directory = new();
    private readonly string apiKey = ApiKey.Create().Export();
    private readonly string gateToken = $"gate_{new string('a', 64)}";
    private AnyServer api = null!;
    private AnyServer gate = null!;

    public async Task InitializeAsync()
    {
        (api, gate) = (await AnyServer.StartAsync(), await AnyServer.StartAsync());
        await File.WriteAllTextAsync(directory.File("admin-token"), $"{apiKey}\n");
        await File.WriteAllTextAsync(directory.File("gate-token"), $"{gateToken}\n");
        await File.WriteAllTextAsync(directory.File("identity.key"), CapOrleans.Core.Signatures.PrivateKey.Create().ExportHex());
        await File.WriteAllTextAsync(directory.File("i.json"), "{}");
        gate.Respond = request => (200, "application/json", request.Path == "/gate_receive" ? """{"status":"received"}""" : """{"items":[],"next":null}""");
    }

    public async Task DisposeAsync()
    {
        await api.DisposeAsync();
        await gate.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_gate_never_sees_the_API_key()
    {
        foreach (var arguments in (string[][])[["send", "i.json", "--gate"], ["hook", "run", "--", "false"], ["gate", "key"], ["gate", "status"], ["gate", "dead"], ["gate", "retry", "17"]])
        {
            await Cap().RunAsync(arguments);
        }

        Assert.Equal(
            [("POST /gate_receive", ""), ("POST /gate_receive", ""), ("GET /v1/gate/sealing-key", ""), ("GET /v1/gate/status", $"Bearer {gateToken}"),
                ("GET /v1/gate/dead", $"Bearer {gateToken}"), ("POST /v1/gate/dead/17/retry", $"Bearer {gateToken}")],
            gate.Calls);
        Assert.Empty(api.Calls);
    }

    [Fact]
    public async Task The_API_sees_its_key_only_where_it_asks_for_one()
    {
        await Cap().RunAsync("send", "i.json");
        await Cap().RunAsync("show", "X");
        await Cap().RunAsync("gate", "list");
        await Cap().RunAsync("gate", "remove", "edge");
        api.Respond = request => request.Headers.Authorization.Count > 0 ? (200, "application/json", "{}") : (401, "application/problem+json", Unauthenticated);
        await Cap().RunAsync("show", "Y");
        Assert.Equal(
            [("POST /v1/incidents", ""), ("GET /v1/caps/X", ""), ("GET /v1/gates", ""), ("DELETE /v1/gates/edge", $"Bearer {apiKey}"),
                ("GET /v1/caps/Y", ""), ("GET /v1/caps/Y", $"Bearer {apiKey}")],
            api.Calls);
        Assert.Empty(gate.Calls);
    }

    [Fact]
    public async Task A_server_whose_answer_is_not_the_API_s_is_sent_no_key()
    {
        api.Respond = _ => (401, "text/html", "<html>Log in</html>");
        Assert.Equal(3, (await Cap().RunAsync("show", "X")).Code);
        Assert.Equal([("GET /v1/caps/X", "")], api.Calls);
    }

    [Fact]
    public async Task No_secret_is_sent_to_another_machine_in_clear_text_unless_allowed()
    {
        var address = Array.Find(await Dns.GetHostAddressesAsync(""), found => found.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(found));
        await using var server = await AnyServer.StartAsync(address);
        server.Respond = gate.Respond;
        var cap = Cap(("BIND", $"{address ?? IPAddress.Parse("192.0.2.1")}"), ("API_PORT", $"{server.Port}"), ("VPN_ENDPOINT", $"http://{address ?? IPAddress.Parse("192.0.2.1")}:{server.Port}"));
        string[] commands = ["operator list", "register X --key 0x0", "gate remove x", "gate dead", "gate retry 1"];
        foreach (var arguments in commands.Select(command => command.Split(' ')))
        {
            var (code, output) = await cap.RunAsync(arguments);
            Assert.Equal(2, code);
            Assert.Contains("--insecure-http", output, StringComparison.Ordinal);
            Assert.Contains($":{server.Port}", output, StringComparison.Ordinal);
            Assert.Empty(server.Calls);
            if (address is not null) // a machine without a network has nowhere to send to
            {
                Assert.NotEqual(2, (await cap.RunAsync([.. arguments, "--insecure-http"])).Code); // its answer is not a key list
                Assert.StartsWith("Bearer ", Assert.Single(server.Calls).Authorization, StringComparison.Ordinal);
                server.Calls.Clear();
            }
        }
    }

    [Fact]
    public async Task The_environment_names_another_key_and_another_token()
    {
        var (other, token) = (ApiKey.Create().Export(), $"gate_{new string('b', 64)}");
        await Cap(("CAP_TOKEN", other)).RunAsync("operator", "list");
        await Cap(("CAP_GATE_TOKEN", token)).RunAsync("gate", "status");
        Assert.Equal($"Bearer {other}", Assert.Single(api.Calls).Authorization);
        Assert.Equal($"Bearer {token}", Assert.Single(gate.Calls).Authorization);
    }

    [Fact]
    public async Task Without_a_gate_token_a_gate_is_asked_without_one()
    {
        File.Delete(directory.File("gate-token"));
        Assert.Equal(0, (await Cap().RunAsync("gate", "dead")).Code);
        Assert.Equal("", Assert.Single(gate.Calls).Authorization);
    }

    [Theory]
    [InlineData("CAP_TOKEN", "hunter2\nX-Evil: 1", "operator", "list")]
    [InlineData("CAP_TOKEN", "hunter2ü", "operator", "list")]
    [InlineData("CAP_GATE_TOKEN", "hunter2", "gate", "status")]
    [InlineData("CAP_GATE_TOKEN", "cap_hunter2", "gate", "dead")]
    public async Task An_invalid_key_is_reported_and_not_shown(string name, string value, params string[] arguments)
    {
        var (code, output) = await Cap((name, value)).RunAsync(arguments);
        Assert.Equal(2, code);
        Assert.Contains(name, output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
        Assert.Empty(api.Calls.Concat(gate.Calls));
    }

    [Fact]
    public async Task Local_requests_bypass_the_proxy()
    {
        await using var proxy = await AnyServer.StartAsync();
        await Cap(("http_proxy", $"http://127.0.0.1:{proxy.Port}"), ("all_proxy", $"http://127.0.0.1:{proxy.Port}")).RunAsync("operator", "list");
        Assert.Single(api.Calls);
        Assert.Empty(proxy.Calls);
    }

    [Fact]
    public async Task An_invalid_BIND_address_is_a_settings_fault()
    {
        Assert.Equal(2, (await Cap(("BIND", "a b")).RunAsync("show", "X")).Code);
        var (_, output) = await Cap(("BIND", "::1")).RunAsync("show", "X");
        Assert.Contains("http://[::1]:", output, StringComparison.Ordinal);
        Assert.Single(api.Calls);
    }

    [Theory]
    [InlineData("BIND", "::1", "http://[::1]:")]
    [InlineData("Gate__Bind", "127.0.0.3", "http://127.0.0.3:")]
    public async Task The_gate_of_this_machine_is_asked_where_it_listens(string setting, string bind, string asked)
    {
        var (code, output) = await new CapCommand(
            directory.Path, (setting, bind), ("DATA_DIR", directory.Path), ("GATE_PORT", $"{Child.FreePort()}")).RunAsync("gate", "status");
        Assert.NotEqual(0, code);
        Assert.Contains(asked, output, StringComparison.Ordinal);
    }

    private CapCommand Cap(params (string, string)[] more) => new(
        directory.Path,
        [.. more, ("DATA_DIR", directory.Path), ("CAP_SPOOL", directory.File("spool")), ("API_PORT", $"{api.Port}"), ("VPN_ENDPOINT", $"http://127.0.0.1:{gate.Port}/gate_receive")]);
}
