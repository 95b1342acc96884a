using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Access;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Silo;

/// <summary>
/// A caller without a key of a CapID and without an API key, against a node that listens beyond loopback: nothing can
/// be read, nothing is written, and nothing grows. Memory is compared after 20,000 requests of the same kinds have
/// warmed the process up.
/// </summary>
public sealed class StrangerTests : IDisposable
{
    private const int WarmUp = 20_000, Requests = 100_000, Connections = 64;

    private static readonly PrivateKey Nobody = PrivateKey.Create();
    private static readonly string[] Closed =
    [
        "/audit_log", "/audit", "/metrics", "/v1/incidents", "/v1/incidents/SYS-CORE/T-1", "/v1/audit?log=0", "/v1/caps/SYS-CORE",
        "/v1/caps/SYS-CORE/history", "/audit/summary", "/v1/operators", "/v1/limits", "/v1/signing/typed-data?cap_id=A", "/orleans/", "/orleans/DashboardCounters",
    ];

    private readonly TempDirectory directory = new();
    private readonly int apiPort = Child.FreePort(), gatePort = Child.FreePort();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_hundred_thousand_bad_requests_read_nothing_write_nothing_and_leave_nothing()
    {
        using var node = Child.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "caporleans.dll")], new Dictionary<string, string>
        {
            ["DATA_DIR"] = directory.File("data"),
            ["BIND"] = "0.0.0.0",
            ["CHAIN_ID"] = "31337",
            ["Api__TlsTerminatedByProxy"] = "true",
            ["API_PORT"] = $"{apiPort}",
            ["GATE_PORT"] = $"{gatePort}",
            ["Intake__PerSecondPerAddress"] = "1000000",
        });
        await node.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections });
        var samples = Samples();

        await SendAsync(http, samples, WarmUp);
        var (log, disk, usage) = (await LogAsync(http), Disk(), Usage.Of([node.Id]));
        await SendAsync(http, samples, Requests);
        var after = Usage.Of([node.Id]);

        Assert.InRange(Disk() - disk, 0, 16 * 1024); // once a minute the last use of each API key is stored: the gate uses one
        Assert.Equal(log, await LogAsync(http));
        Assert.InRange((after - usage).Written, 0, 1024 * 1024);
        Assert.InRange(after.Resident - usage.Resident, long.MinValue, 48 * 1024 * 1024);
        Assert.InRange(node.Output.Length, 0, 4096); // nor does its output grow
    }

    /// <summary>
    /// Sends each kind of request in turn; every one is refused, because it is invalid or needs a key.
    /// </summary>
    private static async Task SendAsync(HttpClient http, Func<int, HttpRequestMessage>[] samples, int count)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (i, cancellationToken) =>
        {
            using var request = samples[i % samples.Length](i);
            using var answer = await http.SendAsync(request, cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            var status = answer.Content.Headers.ContentType?.MediaType == BatchLines.ContentType ? JsonElement.Parse(text).GetProperty("status").GetInt32() : (int)answer.StatusCode;
            var isClosed = request.Method == HttpMethod.Get && Closed.Contains(request.RequestUri!.PathAndQuery);
            Assert.True(isClosed ? status == 401 : status is >= 400 and < 500, $"{request.Method} {request.RequestUri}: {answer.StatusCode} {text}");
        });
    }

    private Func<int, HttpRequestMessage>[] Samples()
    {
        var signed = TestIncident.Signed(Nobody, "SYS-CORE", "S-1", TimeProvider.System.GetUtcNow());
        var unsigned = (JsonObject)signed.DeepClone();
        unsigned.Remove("signature");
        var large = new byte[65 * 1024];
        Array.Fill(large, (byte)'x');
        return
        [
            i => Post("/v1/incidents", signed.Bytes()),
            i => Post("/v1/incidents", With(signed, "cap_id", $"NOBODY-{i}").Bytes()),
            i => Post("/v1/incidents", With(signed, "signature", "0x" + i.ToString("x130", System.Globalization.CultureInfo.InvariantCulture)).Bytes()),
            i => Post("/v1/incidents", unsigned.Bytes()),
            i => Post("/v1/incidents", Encoding.UTF8.GetBytes($"{{\"task_id\":{i}}}")),
            i => Post("/v1/incidents", "[[[[[["u8.ToArray()),
            i => Post("/incident", With(signed, "agent", "a|b").Bytes()),
            i => Post("/incident", large[..(i % 2 == 0 ? large.Length : 100)]),
            i => Post("/v1/incidents:batch", large[..200]),
            i => Post("/v1/incidents:batch", []),
            i => Post("/gate_receive", With(signed, "task_id", $"G-{i}").Bytes(), gatePort),
            i => Post("/gate_receive", "{}"u8.ToArray(), gatePort),
            i => Post($"/nowhere/{i}", "{}"u8.ToArray(), gatePort),
            i => Post("/register_alert", Encoding.UTF8.GetBytes($"{{\"url\":\"http://127.0.0.1:1/{i}\"}}")),
            i => Post("/v1/caps/SYS-CORE/changes", Encoding.UTF8.GetBytes($"{{\"change\":{{\"policy\":{{\"maxAheadSeconds\":{i}}}}}}}")),
            i => Post("/v1/caps/SYS-CORE/changes", Encoding.UTF8.GetBytes(Stranger(i))),
            i => Post($"/v1/caps/NOBODY-{i}/changes", Encoding.UTF8.GetBytes(Stranger(i))),
            i => Post("/v1/caps/SYS-CORE/corrections", """{"incidentId":"T-1","deltaCap":5,"reason":"mine"}"""u8.ToArray()),
            i => Post("/v1/operators", """{"name":"me","scope":"admin"}"""u8.ToArray()),
            i => Post("/v1/delegations", """{"cap_id":"SYS-CORE"}"""u8.ToArray()),
            i => Request(HttpMethod.Put, $"/v1/caps/MINE-{i}", Encoding.UTF8.GetBytes($"{{\"keys\":[{{\"address\":\"{Nobody.Address}\"}}]}}")),
            i => Request(HttpMethod.Delete, $"/v1/operators/{i:x8}", []),
            i => Get(Closed[i % Closed.Length]),
            i => Get(Closed[i % Closed.Length], ApiKey.Create().Export()),
            i => Get(Closed[i % Closed.Length], $"{i}.{i}.{i}"),
            i => Get($"/v1/incidents/{i}/{i}"),
            i => Get($"/{i}"),
        ];
    }

    private static string Stranger(int i) =>
        $"{{\"change\":{{\"policy\":{{\"maxAheadSeconds\":60}}}},\"afterVersion\":1,\"timestamp\":\"{TestIncident.Text(TimeProvider.System.GetUtcNow())}\",\"signature\":\"0x{"1b".PadLeft(130, (char)('1' + (i % 9)))}\"}}";

    private static JsonObject With(JsonObject incident, string member, string value)
    {
        var changed = (JsonObject)incident.DeepClone();
        changed[member] = value;
        return changed;
    }

    private HttpRequestMessage Get(string path, string? key = null)
    {
        var request = Request(HttpMethod.Get, path, null);
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return request;
    }

    private HttpRequestMessage Post(string path, byte[] body, int? port = null) => Request(HttpMethod.Post, path, body, port);

    private HttpRequestMessage Request(HttpMethod method, string path, byte[]? body, int? port = null)
    {
        var request = new HttpRequestMessage(method, $"http://127.0.0.1:{port ?? apiPort}{path}");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(path.EndsWith(":batch", StringComparison.Ordinal) ? BatchLines.ContentType : "application/json");
        }

        return request;
    }

    private async Task<string> LogAsync(HttpClient http)
    {
        Assert.Equal("""{"status":"ready"}""", await http.GetStringAsync($"http://127.0.0.1:{apiPort}/health/ready")); // a stranger sees no more
        using var request = Get("/health/ready", (await File.ReadAllTextAsync(directory.File("data/admin-token"))).Trim());
        using var answer = await http.SendAsync(request);
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("logs").GetRawText();
    }

    private long Disk() => new DirectoryInfo(directory.Path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
