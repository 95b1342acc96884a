using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Api.Access;
using CapOrleans.Core.Signatures;
using CapOrleans.Silo;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Support;

[CollectionDefinition(Name)]
public sealed class NodeCollection : ICollectionFixture<NodeFixture>
{
    public const string Name = "node";
}

/// <summary>A whole node, composed as in production, on a real chain; shared by the tests that need no node of their own.</summary>
public sealed class NodeFixture : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private CapNode? node;
    private int incidents;

    public DevChain Chain { get; private set; } = null!;

    public TestIssuer Issuer { get; private set; } = null!;

    public HttpClient Api { get; private set; } = null!;

    public HttpClient Operator { get; private set; } = null!;

    public HttpClient Gate { get; private set; } = null!;

    public string GateToken => File.ReadAllText(directory.File("data/gate-token")).Trim();

    public string EscalationFile => directory.File("escalated");

    /// <summary>What was delivered to <c>command:record</c>.</summary>
    public string RecordFile => directory.File("recorded");

    /// <summary>A reporter key of SYS-CORE.</summary>
    public PrivateKey Reporter { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(directory.File("record.sh"), $"#!/bin/sh\ncat >> {RecordFile}\n");
        File.SetUnixFileMode(directory.File("record.sh"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Chain = await DevChain.StartAsync();
        Issuer = await TestIssuer.StartAsync();
        var (apiPort, gatePort) = (Child.FreePort(), Child.FreePort());
        node = await CapNode.StartAsync(
            new NodeSettings
            {
                DataDirectory = directory.File("data"),
                Logs = 2,
                Bind = IPAddress.Loopback,
                ApiPort = apiPort,
                GatePort = gatePort,
                RpcUrls = [Chain.Url],
                IsDevChain = true,
                OpenId = new OpenIdProvider(Issuer.Url, TestIssuer.Audience, "scope"),
                ChainId = 31337,
                CapId = "SYS-CORE",
                IntakePerSecondPerAddress = 20_000,
                AnchorInterval = TimeSpan.Zero,
                Commands = new Dictionary<string, string> { ["record"] = directory.File("record.sh") },
                Gate = new GateSettings { Name = "fixture", EscalateCommand = $"cat > {EscalationFile}.part && echo \" $CAP_ID $INCIDENT_ID $SEVERITY\" >> {EscalationFile}.part && mv {EscalationFile}.part {EscalationFile}" },
            },
            CancellationToken.None);
        Api = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) // a quarter of the limit for one address: on a slow machine connections pile up
        {
            BaseAddress = new Uri($"http://127.0.0.1:{apiPort}"),
        };
        Operator = new HttpClient { BaseAddress = Api.BaseAddress };
        Operator.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(directory.File("data/admin-token"))).Trim());
        Gate = new HttpClient(new HostRetries()) { BaseAddress = new Uri($"http://127.0.0.1:{gatePort}") };
        Reporter = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
    }

    public async Task DisposeAsync()
    {
        await node!.DisposeAsync();
        await Issuer.DisposeAsync();
        Chain.Dispose();
        await WholeLog.AssertAsync(directory.File("data"), logs: 2);
        directory.Dispose();
    }

    /// <summary>Returns a signed incident of SYS-CORE with a unique id.</summary>
    public JsonObject Incident(Action<JsonObject>? change = null) =>
        TestIncident.Signed(Reporter, "SYS-CORE", $"T-{Interlocked.Increment(ref incidents)}", TimeProvider.System.GetUtcNow(), change);

    public static ByteArrayContent Json(JsonObject body) => Json(body.Bytes());

    public static ByteArrayContent Json(byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    public async Task<PrivateKey> RegisterAsync(string capId, decimal? potential = null)
    {
        var key = PrivateKey.Create();
        using var answer = await Operator.PutAsJsonAsync($"/v1/caps/{capId}", new { capPotential = potential, keys = new[] { new { address = key.Address.ToString() } } });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return key;
    }

    /// <summary>Sends a request with the operator's key.</summary>
    /// <returns>The answer's body, once its status is the expected one.</returns>
    public async Task<JsonElement> AnswerAsync(HttpMethod method, string path, HttpStatusCode status, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await Operator.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonElement.Parse(text);
    }

    /// <returns>The id of the webhook with this URL, which may exist already.</returns>
    public async Task<string> WebhookAsync(string url)
    {
        using var made = await Operator.PostAsJsonAsync("/v1/webhooks", new { url });
        return (await made.Content.ReadFromJsonAsync<JsonElement>()).Text("id");
    }

    public async Task<long> LogSizeAsync() =>
        (await Api.GetFromJsonAsync<JsonElement>("/health/ready")).GetProperty("logs").EnumerateArray().Sum(log => log.GetProperty("size").GetInt64());

    /// <summary>Waits until the incident is archived and anchored.</summary>
    public async Task<JsonElement> SettledAsync(string capId, string incidentId)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        while (true)
        {
            using var answer = await Api.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/incidents/{capId}/{incidentId}"), timeout.Token);
            var view = JsonElement.Parse(await answer.Content.ReadAsStringAsync(timeout.Token));
            if (answer.IsSuccessStatusCode && view.GetProperty("anchor").Text("status") == "anchored" && view.GetProperty("archive").Text("status") == "archived")
            {
                return view;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, timeout.Token);
        }
    }
}
