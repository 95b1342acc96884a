using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Sealing;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Gate;

/// <summary>
/// Strangers send incidents that they signed themselves, for CapIDs that do not exist, to a gate whose cluster is slow
/// to answer about them; registered hosts send at the same time. The gate's clock advances by 20 ms with each answer of
/// the cluster to the test, so that a busy machine slows the clock along with everything else, and a cluster that is
/// only short of CPU does not pass for an unreachable one.
/// </summary>
public sealed class FloodTests : IAsyncLifetime
{
    private const int Strangers = 400, StrangerRounds = 4, Hosts = 8, PerHost = 20;

    private static readonly HttpStatusCode[] Refusals =
        [HttpStatusCode.NotFound, HttpStatusCode.TooManyRequests, HttpStatusCode.ServiceUnavailable];

    private readonly TempDirectory directory = new();
    private readonly int apiPort = Child.FreePort(), gatePort = Child.FreePort();
    private readonly Dictionary<string, PrivateKey> hosts =
        Enumerable.Range(0, Hosts).ToDictionary(i => $"HOST-{i}", _ => PrivateKey.Create());
    private readonly ConcurrentQueue<string> forwarded = new(), pages = new();
    private readonly CancellationTokenSource ended = new();
    private readonly HttpClient toCluster = new();
    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
    private WebApplication api = null!, gate = null!;
    private Task ticking = null!;

    public async Task InitializeAsync()
    {
        api = Builder(apiPort).Build();
        api.MapGet("/v1/caps/{capId}", async (string capId, HttpContext context) =>
        {
            if (hosts.TryGetValue(capId, out var key))
            {
                return Results.Json(TestKeyList.Of(capId, key));
            }

            if (capId.GetHashCode(StringComparison.Ordinal) % 2 == 0)
            {
                // The CapID does not exist, and the cluster never answers.
                using var linked = CancellationTokenSource.CreateLinkedTokenSource(ended.Token, context.RequestAborted);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, linked.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            return Results.Json(new { type = "urn:caporleans:problem:cap-unknown" }, statusCode: 404);
        });
        api.MapGet("/tick", () => Results.NoContent());
        api.MapPost("/page", async (HttpContext context) => pages.Enqueue(await new StreamReader(context.Request.Body).ReadToEndAsync()));
        api.MapPost("/v1/incidents:batch", ForwardedAsync);
        var builder = Builder(gatePort);
        builder.Services.AddSingleton<TimeProvider>(time);
        gate = CapGate.Build(
            builder,
            new GateOptions(
                [new Uri($"http://127.0.0.1:{apiPort}")], () => null, GateToken.Create(), IsOpen: true, new AdmissionPolicy(false),
                directory.File("spool.db"), new SpoolLimits(10_000_000, TimeSpan.FromDays(7)), 100_000,
                new EscalationOptions(null, new Uri($"http://127.0.0.1:{apiPort}/page"), UnknownKeys: false),
                new GateIdentity("edge", PrivateKey.Create()), [X25519PrivateKey.Create()]),
            toCluster, toCluster);
        await api.StartAsync();
        await gate.StartAsync();
        ticking = TickAsync();
    }

    public async Task DisposeAsync()
    {
        await ended.CancelAsync();
        await ticking;
        await gate.DisposeAsync();
        await api.DisposeAsync();
        toCluster.Dispose();
        ended.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Strangers_are_refused_and_page_no_one_while_every_host_is_served()
    {
        using var strangers = From("127.0.0.2");
        using var local = From("127.0.0.1");
        var flood = Enumerable.Range(0, Strangers).Select(i => Task.Run(() => FloodAsync(strangers, i))).ToList();
        await Task.WhenAll(hosts.Select(host => Task.Run(() => SendAllAsync(local, host.Key, host.Value))));
        var answers = (await Task.WhenAll(flood)).SelectMany(statuses => statuses).ToList();
        Assert.Equal(Strangers * StrangerRounds, answers.Count);
        Assert.All(answers, status => Assert.Contains(status, Refusals));

        var expected = hosts.Keys.SelectMany(capId => Enumerable.Range(0, PerHost).Select(i => $"{capId}-{i}"))
            .Order(StringComparer.Ordinal).ToList();
        await Eventually.TrueAsync(async () => (await StatusAsync(local)).GetProperty("waiting").GetInt64() == 0);
        var status = await StatusAsync(local);
        var dead = (await local.GetFromJsonAsync<JsonElement>("/v1/gate/dead")).GetProperty("items").EnumerateArray()
            .Select(letter => letter.Text("incidentId"));
        Assert.Equal(expected, forwarded.Order(StringComparer.Ordinal));
        Assert.Equal(expected.Where(IsDead).Order(StringComparer.Ordinal), dead.Order(StringComparer.Ordinal));
        Assert.Equal((0, 0), (status.GetProperty("droppedDead").GetInt64(), status.GetProperty("unvouchedBytes").GetInt64()));
        await Eventually.TrueAsync(() => !pages.IsEmpty);
        Assert.All(pages, page => Assert.StartsWith("HOST-", JsonElement.Parse(page).Text("cap_id"), StringComparison.Ordinal));
    }

    private async Task TickAsync()
    {
        var tick = TimeSpan.FromMilliseconds(20);
        using var timer = new PeriodicTimer(tick);
        while (!ended.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync();
            using var answer = await toCluster.GetAsync(new Uri($"http://127.0.0.1:{apiPort}/tick"));
            time.Advance(tick);
        }
    }

    /// <summary>
    /// Whether it is a host's last incident, which the cluster refuses and the gate keeps as a dead letter.
    /// </summary>
    private static bool IsDead(string id) => id.EndsWith($"-{PerHost - 1}", StringComparison.Ordinal);

    private static async Task<List<HttpStatusCode>> FloodAsync(HttpClient http, int number)
    {
        var key = PrivateKey.Create();
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < StrangerRounds; i++)
        {
            using var answer = await http.PostAsync("/gate_receive", Critical(key, $"NOBODY-{number}", $"S-{number}-{i}"));
            statuses.Add(answer.StatusCode);
        }

        return statuses;
    }

    private static async Task SendAllAsync(HttpClient http, string capId, PrivateKey key)
    {
        for (var i = 0; i < PerHost; i++)
        {
            for (HttpStatusCode status = 0; status != HttpStatusCode.OK;)
            {
                using var answer = await http.PostAsync("/gate_receive", Critical(key, capId, $"{capId}-{i}"));
                status = answer.StatusCode;
                Assert.True(status == HttpStatusCode.OK || answer.Headers.RetryAfter is not null, $"{status}");
            }
        }
    }

    private static ByteArrayContent Critical(PrivateKey key, string capId, string id) =>
        NodeFixture.Json(TestIncident.Signed(key, capId, id, TimeProvider.System.GetUtcNow(), one => one["severity"] = "critical"));

    private static async Task<JsonElement> StatusAsync(HttpClient http) =>
        (await http.GetFromJsonAsync<JsonElement>("/v1/gate/status")).GetProperty("spool");

    /// <summary>Creates a client that connects from this address.</summary>
    private HttpClient From(string address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(IPAddress.Loopback, gatePort, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{gatePort}"),
    };

    private async Task ForwardedAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var lines = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var incidents = lines.Select(line => JsonElement.Parse(line)).ToList();
        incidents.ForEach(incident => forwarded.Enqueue(incident.Text("task_id")));
        await context.Response.WriteAsync(string.Concat(incidents.Select((incident, i) => $"{{\"line\":{i + 1},{Verdict(incident)}}}\n")));
    }

    private static string Verdict(JsonElement incident) => IsDead(incident.Text("task_id"))
        ? """
          "status":409,"problem":{"type":"urn:caporleans:problem:conflict"}
          """
        : $"\"status\":201,\"incident\":{TestReceipt.Of(incident)}";

    private static WebApplicationBuilder Builder(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        return builder;
    }
}
