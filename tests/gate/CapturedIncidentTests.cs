using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Sealing;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Gate;

/// <summary>
/// An attacker captured a signed incident and sends altered copies to a gate whose cluster decides nothing at present.
/// </summary>
public sealed class CapturedIncidentTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly PrivateKey key = PrivateKey.Create();
    private readonly int apiPort = Child.FreePort(), gatePort = Child.FreePort();
    private readonly DateTimeOffset at = TimeProvider.System.GetUtcNow();
    private readonly ConcurrentQueue<string> pages = new();
    private readonly HttpClient http = new(), toCluster = new();
    private Func<string, IResult> keys = _ => Results.StatusCode(401); // the gate has no API key, so it cannot tell callers apart
    private WebApplication api = null!, gate = null!;

    public async Task InitializeAsync()
    {
        api = Builder(apiPort).Build();
        api.MapGet("/v1/caps/{capId}", (string capId) => keys(capId));
        api.MapPost("/page", async (HttpContext context) => pages.Enqueue(await new StreamReader(context.Request.Body).ReadToEndAsync()));
        gate = CapGate.Build(
            Builder(gatePort),
            new GateOptions(
                [new Uri($"http://127.0.0.1:{apiPort}")], () => null, GateToken.Create(), IsOpen: true, new AdmissionPolicy(false),
                directory.File("spool.db"), new SpoolLimits(1_000_000, TimeSpan.FromDays(7)), 1_000,
                new EscalationOptions(null, new Uri($"http://127.0.0.1:{apiPort}/page"), UnknownKeys: false),
                new GateIdentity("edge", PrivateKey.Create()), [X25519PrivateKey.Create()]),
            toCluster, toCluster);
        await api.StartAsync();
        await gate.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await gate.DisposeAsync();
        await api.DisposeAsync();
        toCluster.Dispose();
        http.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task A_hundred_variants_of_it_are_refused_and_page_no_one_again()
    {
        keys = capId => Results.Json(TestKeyList.Of(capId, key));
        var captured = Critical("C-1");
        Assert.Equal(HttpStatusCode.OK, await SendAsync(captured));
        for (var i = 0; i < 100; i++)
        {
            captured["description"] = $"spelling {i}";
            using var refused = await PostAsync(captured.ToJsonString());
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal(("urn:caporleans:problem:conflict", "task_id"), (problem.Text("type"), problem.Text("field")));
        }

        Assert.Equal(HttpStatusCode.OK, await SendAsync(Critical("C-2")));
        await Eventually.TrueAsync(() => pages.Any(page => page.Contains("C-2", StringComparison.Ordinal)));
        Assert.Equal(2, pages.Count);
        Assert.Equal(2, await WaitingAsync());
    }

    [Fact]
    public async Task Junk_in_a_wallet_s_name_must_retry_when_much_of_it_waits()
    {
        for (var i = 0; i <= SpoolLimits.MaxClaimsEach; i++)
        {
            var claim = TestIncident.Signed(key, "Z-001", $"W-{i}", at);
            (claim["scheme"], claim["signer"], claim["signature"]) = (FullV2.Scheme, "0x1111111111111111111111111111111111111111", "0x01");
            using var answer = await PostAsync(claim.ToJsonString());
            Assert.Equal(i < SpoolLimits.MaxClaimsEach ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests, answer.StatusCode);
            if (i == SpoolLimits.MaxClaimsEach)
            {
                Assert.Equal("urn:caporleans:problem:too-many-waiting", (await answer.Content.ReadFromJsonAsync<JsonElement>()).Text("type"));
                Assert.Equal(TimeSpan.FromSeconds(10), answer.Headers.RetryAfter?.Delta);
            }
        }

        Assert.Equal(SpoolLimits.MaxClaimsEach, await WaitingAsync());
    }

    [Fact]
    public async Task A_copy_without_a_relevant_change_is_received_and_kept_once()
    {
        keys = capId => Results.Json(TestKeyList.Of(capId, key));
        var old = Critical("C-1");
        var full = Critical("C-2").SignFull(key);
        string[] same =
        [
            old.ToJsonString(), old.ToJsonString(new JsonSerializerOptions { WriteIndented = true }),
            full.ToJsonString(), full.ToJsonString().Replace("0.5", "0.50", StringComparison.Ordinal),
        ];
        foreach (var spelled in same)
        {
            using var received = await PostAsync(spelled);
            Assert.Equal(HttpStatusCode.OK, received.StatusCode);
        }

        Assert.Equal(2, await WaitingAsync());
    }

    [Fact]
    public async Task An_altered_copy_that_arrives_first_does_not_silence_it()
    {
        keys = capId => Results.Json(TestKeyList.Of(capId, key));
        var altered = Critical("C-1");
        altered["severity"] = "normal";
        Assert.Equal(HttpStatusCode.OK, await SendAsync(altered));
        Assert.Equal(HttpStatusCode.Conflict, await SendAsync(Critical("C-1")));
        await Eventually.TrueAsync(() => !pages.IsEmpty);
    }

    [Fact]
    public async Task A_stranger_who_signs_the_same_takes_no_one_s_place()
    {
        Assert.Equal(HttpStatusCode.OK, await SendAsync(TestIncident.Sign(Critical("C-1"), PrivateKey.Create())));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(Critical("C-1")));
        Assert.Equal(2, await WaitingAsync());
    }

    private static WebApplicationBuilder Builder(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        return builder;
    }

    /// <summary>Returns the same incident for the same id.</summary>
    private JsonObject Critical(string id) =>
        TestIncident.Signed(key, "X", id, at, one => one["severity"] = "critical");

    private Task<HttpResponseMessage> PostAsync(string incident) => http.PostAsync(
        $"http://127.0.0.1:{gatePort}/gate_receive", new StringContent(incident, System.Text.Encoding.UTF8, "application/json"));

    private async Task<HttpStatusCode> SendAsync(JsonObject incident)
    {
        using var answer = await PostAsync(incident.ToJsonString());
        return answer.StatusCode;
    }

    private async Task<int> WaitingAsync() => (await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{gatePort}/v1/gate/status"))
        .GetProperty("spool").GetProperty("waiting").GetInt32();
}
