using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CapOrleans.Cli;

namespace CapOrleans.Tests.Cli;

/// <summary>Nothing that a server sends can control the user's terminal or forge a line of output.</summary>
public sealed class HostileServerTests : IAsyncLifetime
{
    private const string Evil = "\e[2J\u009b1m\a\b\u007f\u202e\u2066\u200f\u061c\u200b\ufeff\u00ad\U000E0041[red]x[/]\r\nforged: line";

    private static readonly JsonSerializerOptions Raw = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>JSON that is not in our format.</summary>
    private static readonly string[] Shapes =
    [
        "", "null", "1", "[]", "[1]", "{}", """{"status":1}""", """{"status":"\ud800"}""", """{"items":1}""", """{"items":[1],"next":{}}""", """{"items":[{"number":"1"}],"next":1e99}""",
        """{"items":[null],"next":null}""", """{"items":[],"next":5}""", """{"version":"x","origin":1,"key":1,"keys":1,"policy":1}""", """{"version":1,"origin":null,"key":null,"keys":null,"policy":null}""",
    ];

    private readonly TempDirectory directory = new();
    private AnyServer server = null!;

    public static TheoryData<string> Commands => new(
        "show X", "key list X", "key add X --key 0x1", "key revoke X --key 0x1", "policy X", "policy X --paging-floor high", "register X --key 0x1",
        "operator list", "operator create x --scope read", "operator revoke x", "gate list", "gate remove x", "gate status", "gate dead", "gate retry 1", "gate retry --all", "gate key",
        "gate drop 1", "incidents", "incident X I", "history X", "log", "log --log 0", "correct X I --delta-cap 0 --reason r", "status",
            "doctor", "batch signed.json",
        "webhook list", "webhook add https://x.example", "webhook test x", "webhook remove x",
        "send i.json", "send i.json --gate", "hook run -- false", "hook flush", "ipfs check bafkreiablk6x6xgfpiw5ss3vsdyevwaiijzzaxxdh3c45pvomitwvf7ymi",
        "ipfs check bafkreiablk6x6xgfpiw5ss3vsdyevwaiijzzaxxdh3c45pvomitwvf7ymi --legacy", "chain store signed.json --key identity.key");

    public async Task InitializeAsync()
    {
        server = await AnyServer.StartAsync();
        var key = CapOrleans.Core.Signatures.PrivateKey.Create();
        await File.WriteAllTextAsync(directory.File("identity.key"), key.ExportHex());
        await File.WriteAllTextAsync(directory.File("admin-token"), "cap_x");
        await File.WriteAllTextAsync(directory.File("i.json"), "{}");
        var (_, signed) = await new CapCommand(directory.Path, ("DATA_DIR", directory.Path)).RunAsync("sign", "i.json");
        await File.WriteAllTextAsync(directory.File("signed.json"), signed);
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        directory.Dispose();
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task No_command_prints_control_sequences(string command)
    {
        var success = Json(new Dictionary<string, object?>
        {
            [Evil] = Evil, ["status"] = "received", ["version"] = 1, ["origin"] = Evil, ["key"] = Evil, ["keys"] = new[] { Evil }, ["policy"] = Evil, ["next"] = null,
            ["items"] = new[] { new Dictionary<string, object> { ["number"] = 1, ["why"] = Evil } },
        });
        var problem = Json(new { type = "urn:caporleans:problem:" + Evil, title = Evil, field = Evil, rule = Evil });
        var unauthenticated = Json(new { type = "urn:caporleans:problem:unauthenticated", title = Evil, field = Evil, rule = Evil });
        var rpc = Json(new { jsonrpc = "2.0", id = 1, error = new { code = -1, message = Evil, data = Evil } });
        IEnumerable<(int, string, string)> answers =
        [
            (200, "application/json", success), (400, "application/problem+json", problem), (401, "application/problem+json", unauthenticated), (503, "application/problem+json", problem),
            (200, "application/json", rpc), (200, "text/html", Evil), (500, "text/html", Evil), (200, "application/json", $"{{\"\\ud800\":\"{Evil}\"}}"), (200, "application/json", $"\"{Evil}\""),
            .. Shapes.Select(shape => (200, "application/json", shape)), (200, "application/json; charset=nope", success), (400, "application/json", "[1]"),
        ];
        foreach (var (status, type, body) in answers)
        {
            server.Respond = _ => (status, type, body);
            await CheckAsync(server.Port, command.Split(' '));
            await CheckAsync(server.Port, [.. command.Split(' ')[..^(command.StartsWith("hook run", StringComparison.Ordinal) ? 2 : 0)], "--json", .. command.StartsWith("hook run", StringComparison.Ordinal) ? (string[])["--", "false"] : []]);
        }
    }

    [Fact]
    public async Task What_is_not_even_HTTP_is_not_printed_either()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answers = Task.Run(async () =>
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {Evil}\r\n\r\n"));
            }
        });
        foreach (var command in (string[])["show X", "gate status", "send i.json --gate"])
        {
            await CheckAsync(((IPEndPoint)listener.LocalEndpoint).Port, command.Split(' '));
        }

        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => answers);
    }

    [Fact]
    public async Task Signed_text_is_printed_with_escapes_and_unchanged()
    {
        await File.WriteAllTextAsync(directory.File("i.json"), Json(new { task_id = "INC-1", description = "\u202e\u200d🔥" }));
        var cap = new CapCommand(directory.Path, ("DATA_DIR", directory.Path));
        var (_, signed) = await cap.RunToFileAsync("sign", "i.json", "--full");
        Assert.Equal(signed, Printable.Text(signed));
        await File.WriteAllTextAsync(directory.File("signed.json"), signed);
        Assert.Equal(0, (await cap.RunAsync("verify", "signed.json")).Code);
        Assert.Equal("\u202e\u200d🔥", JsonElement.Parse(signed).Text("description"));
    }

    private async Task CheckAsync(int port, string[] arguments)
    {
        var (code, output) = await new CapCommand(
            directory.Path, ("DATA_DIR", directory.Path), ("CAP_SPOOL", directory.File("spool")), ("API_PORT", $"{port}"), ("VPN_ENDPOINT", $"http://127.0.0.1:{port}/gate_receive"),
            ("RPC_URL", $"http://127.0.0.1:{port}"), ("CONTRACT_ADDRESS", "0x52908400098527886E0F7030069857D2E4169EE7")).RunToFileAsync(arguments);
        Assert.Equal(Printable.Text(output), output);
        Assert.DoesNotContain(output.Split('\n'), line => line.StartsWith("forged", StringComparison.Ordinal));
        Assert.DoesNotContain("Unexpected error", output, StringComparison.Ordinal);
        Assert.True(arguments is not ["hook", "run", ..] || code == 1, $"{code} of the command, whatever becomes of the report: {output}");
        Directory.EnumerateFiles(directory.Path, "INC-*.signed.json").ToList().ForEach(File.Delete);
        if (Directory.Exists(directory.File("spool")))
        {
            Directory.Delete(directory.File("spool"), recursive: true);
        }
    }

    /// <summary>Serializes as a hostile server would: escapes nothing that it need not.</summary>
    private static string Json(object value) => JsonSerializer.Serialize(value, Raw);
}
