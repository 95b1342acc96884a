using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
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
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Gate;

/// <summary>
/// A gate in front of a cluster that gives the answers that a test sets, for faults that a real one cannot be made to
/// show.
/// </summary>
public sealed class GateTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly PrivateKey key = PrivateKey.Create();
    private readonly GateToken token = GateToken.Create();
    private readonly ConcurrentQueue<string> taken = new();
    private readonly int apiPort = Child.FreePort(), gatePort = Child.FreePort();
    private readonly ConcurrentQueue<string> pages = new();
    private readonly HttpClient http = new();
    private Func<HttpContext, string[], Task> answer = (_, _) => Task.CompletedTask;
    private Func<string, IResult> keys = _ => Results.StatusCode(401); // the gate has no API key, so it cannot tell callers apart
    private WebApplication api = null!, gate = null!;

    public async Task InitializeAsync()
    {
        (api, gate) = (Api(), Gate());
        answer = AcceptAsync;
        await api.StartAsync();
        await gate.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await gate.DisposeAsync();
        await api.DisposeAsync();
        http.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Received_means_on_disk_and_the_cluster_gets_it_later()
    {
        await api.StopAsync();
        await api.DisposeAsync();
        using var old = await ReceivedAsync("/gate_receive", "A");
        Assert.Equal((HttpStatusCode.OK, """{"status":"received","cap_id":"X"}"""), (old.StatusCode, await old.Content.ReadAsStringAsync()));
        using var fresh = await SendAsync("/v1/incidents", "B");
        Assert.Equal((HttpStatusCode.Accepted, """{"status":"received","cap_id":"X","incident_id":"B"}"""), (fresh.StatusCode, await fresh.Content.ReadAsStringAsync()));
        using var again = await SendAsync("/gate_receive", "A");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(2, (await StatusAsync()).GetProperty("spool").GetProperty("waiting").GetInt32());

        await gate.StopAsync();
        await gate.DisposeAsync();
        (api, gate) = (Api(), Gate());
        await api.StartAsync();
        await gate.StartAsync();
        await Eventually.TrueAsync(() => taken.Count == 2);
        Assert.Equal(["A", "B"], taken);
        await Eventually.TrueAsync(async () => (await StatusAsync()).GetProperty("spool").GetProperty("waiting").GetInt32() == 0);
    }

    [Fact]
    public async Task Answers_that_make_no_sense_are_no_verdicts_and_nothing_is_lost()
    {
        string[] odd = ["", "{}", "{\"line\":1,\"status\":403}", "{\"line\":1,\"status\":302,\"problem\":{}}", "\n\n"];
        var asked = 0;
        answer = (context, lines) => Interlocked.Increment(ref asked) <= odd.Length ? context.Response.WriteAsync(odd[asked - 1]) : AcceptAsync(context, lines);
        using var sent = await SendAsync("/gate_receive", "A");
        await Eventually.TrueAsync(() => !taken.IsEmpty);
        Assert.Equal("A", Assert.Single(taken));
        Assert.True(asked > odd.Length);
    }

    [Fact]
    public async Task A_refused_incident_is_a_dead_letter_with_its_problem_until_it_is_retried()
    {
        var isKnown = false;
        answer = (context, lines) => isKnown ? AcceptAsync(context, lines) : AnswerAsync(context, lines, _ => "\"status\":403,\"problem\":{\"type\":\"urn:caporleans:problem:signer-not-authorised\"}");
        using var sent = await SendAsync("/gate_receive", "A");
        await Eventually.TrueAsync(async () => (await DeadAsync()).GetArrayLength() == 1);
        var letter = (await DeadAsync())[0];
        Assert.Equal(("A", 403), (letter.Text("incidentId"), letter.GetProperty("status").GetInt32()));
        Assert.Contains("signer-not-authorised", letter.GetProperty("problem").Text("type"), StringComparison.Ordinal);

        isKnown = true;
        foreach (var (bearer, status) in new[] { (null, HttpStatusCode.Unauthorized), (token.Export(), HttpStatusCode.NoContent) })
        {
            using var retry = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{gatePort}/v1/gate/dead/{letter.GetProperty("number").GetInt64()}/retry");
            retry.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
            using var retried = await http.SendAsync(retry);
            Assert.Equal(status, retried.StatusCode);
        }

        await Eventually.TrueAsync(() => !taken.IsEmpty);
        Assert.Equal(0, (await DeadAsync()).GetArrayLength());
    }

    [Fact]
    public async Task With_a_key_list_unauthorised_signers_are_refused_immediately_and_without_one_no_signer_is()
    {
        using var unknown = await SendAsync("/gate_receive", "A"); // the cluster gives this gate no key list, so the incident waits
        Assert.Equal(HttpStatusCode.OK, unknown.StatusCode);
        keys = capId => capId == "NONE"
            ? Results.Json(new { type = "urn:caporleans:problem:cap-unknown" }, statusCode: 404)
            : List(capId, PrivateKey.Create());
        await gate.DisposeAsync(); // ends the pause after a cluster that gives no key list
        gate = Gate();
        await gate.StartAsync();
        using var stranger = await SendAsync("/gate_receive", "B");
        Assert.Equal(HttpStatusCode.Forbidden, stranger.StatusCode);
        using var nobody = await SendAsync("/gate_receive", "C", "NONE");
        Assert.Equal(HttpStatusCode.NotFound, nobody.StatusCode);
    }

    [Fact]
    public async Task The_rate_of_one_address_is_limited()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => SendAsync("/gate_receive", $"A-{i}")));
        var limited = answers.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Equal("urn:caporleans:problem:too-many-requests", (await limited.Content.ReadFromJsonAsync<JsonElement>()).Text("type"));
        Assert.NotNull(limited.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_CapID_that_must_wait_holds_up_no_other()
    {
        var isFree = false;
        answer = (context, lines) =>
        {
            context.Response.Headers.RetryAfter = "1";
            return AnswerAsync(context, lines, line => line.Contains("\"SLOW\"", StringComparison.Ordinal) && !isFree ? "\"status\":429,\"problem\":{}" : Accept(line));
        };
        var quick = Enumerable.Range(0, 100).Select(i => $"CAP-{i}").First(capId => Partitions.Of(capId) == Partitions.Of("SLOW"));
        using var slow = await SendAsync("/gate_receive", "S-1", "SLOW");
        using var second = await SendAsync("/gate_receive", "Q-1", quick);
        await Eventually.TrueAsync(() => taken.Contains("Q-1"));
        Assert.DoesNotContain("S-1", taken);
        isFree = true;
        await Eventually.TrueAsync(() => taken.Contains("S-1"));
    }

    [Fact]
    public async Task A_request_that_is_refused_whole_is_sent_in_halves_until_the_culprit_is_alone()
    {
        var isOpen = false;
        answer = async (context, lines) =>
        {
            if (!isOpen)
            {
                context.Response.StatusCode = 503;
            }
            else if (Array.Exists(lines, line => line.Contains("\"BAD\"", StringComparison.Ordinal)))
            {
                context.Response.StatusCode = 400;
                await context.Response.WriteAsync("{\"type\":\"urn:caporleans:problem:odd\"}");
            }
            else
            {
                await AcceptAsync(context, lines);
            }
        };
        foreach (var id in (string[])["A", "B", "BAD", "C", "D"])
        {
            (await SendAsync("/gate_receive", id)).Dispose();
        }

        isOpen = true;
        await Eventually.TrueAsync(() => taken.Count == 4);
        Assert.Equal(["A", "B", "C", "D"], taken);
        await Eventually.TrueAsync(async () => (await DeadAsync()).GetArrayLength() == 1);
        Assert.Equal("BAD", (await DeadAsync())[0].Text("incidentId"));
    }

    private static string Accept(string line) => $"\"status\":201,\"incident\":{TestReceipt.Of(JsonElement.Parse(line))}";

    private Task AcceptAsync(HttpContext context, string[] lines) => AnswerAsync(context, lines, Accept);

    private async Task AnswerAsync(HttpContext context, string[] lines, Func<string, string> verdict)
    {
        var verdicts = lines.Select((line, i) => (Line: line, Text: $"{{\"line\":{i + 1},{verdict(line)}}}\n")).ToList();
        foreach (var (line, text) in verdicts.Where(pair => pair.Text.Contains("\"status\":201", StringComparison.Ordinal)))
        {
            taken.Enqueue(JsonElement.Parse(line).Text("task_id"));
        }

        await context.Response.WriteAsync(string.Concat(verdicts.Select(pair => pair.Text)));
    }

    private WebApplication Api()
    {
        var app = Builder(apiPort).Build();
        app.MapGet("/v1/caps/{capId}", (string capId) => keys(capId));
        app.MapPost("/v1/gates/{gate}/heartbeats", () => Results.Text("""{"rule":"a","rule":"b"}""", statusCode: 400)); // an answer that is never correct
        app.MapPost("/page", async (HttpContext context) => pages.Enqueue(await new StreamReader(context.Request.Body).ReadToEndAsync()));
        app.MapPost("/v1/incidents:batch", async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            await answer(context, (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        });
        return app;
    }

    [Fact]
    public async Task A_critical_incident_is_posted_here_once_even_while_the_cluster_takes_nothing()
    {
        answer = (context, _) => Results.StatusCode(503).ExecuteAsync(context);
        keys = capId => List(capId, key);
        var incident = TestIncident.Signed(key, "X", "C-1", TimeProvider.System.GetUtcNow(), one => one["severity"] = "CRITICAL");
        for (var i = 0; i < 2; i++)
        {
            using var received = await http.PostAsync($"http://127.0.0.1:{gatePort}/gate_receive", NodeFixture.Json(incident));
            Assert.Equal(HttpStatusCode.OK, received.StatusCode);
        }

        using var normal = await SendAsync("/gate_receive", "C-2", at: TimeProvider.System.GetUtcNow());
        Assert.Equal(HttpStatusCode.OK, normal.StatusCode);
        await Eventually.TrueAsync(() => Task.FromResult(!pages.IsEmpty));
        Assert.Equal(incident.ToJsonString(), Assert.Single(pages));
    }

    [Fact]
    public async Task A_404_from_something_in_the_cluster_s_place_refuses_nothing()
    {
        keys = _ => Results.NotFound();
        using var received = await ReceivedAsync("/gate_receive", "F-1");
        Assert.Equal(HttpStatusCode.OK, received.StatusCode);
        Assert.Contains("answered 404", (await StatusAsync()).Text("keyError"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gate_whose_heartbeats_fail_continues_and_reports_it()
    {
        await Eventually.TrueAsync(async () => (await StatusAsync()).GetProperty("heartbeatError").ValueKind == JsonValueKind.String);
        using var received = await SendAsync("/gate_receive", "H-1");
        Assert.Equal(HttpStatusCode.OK, received.StatusCode);
    }

    [Fact]
    public async Task The_status_names_what_rests_and_why()
    {
        answer = (context, lines) => context.Response.WriteAsync(string.Concat(lines.Select((_, i) =>
            $$"""{"line":{{i + 1}},"status":429,"problem":{"type":"urn:caporleans:problem:too-many-reports","rule":"At most 60 per minute."} }""" + "\n")));
        using var received = await SendAsync("/gate_receive", "R-1", "RESTS");
        JsonElement resting = default;
        await Eventually.TrueAsync(async () => (resting = (await StatusAsync()).GetProperty("resting")).GetArrayLength() == 1);
        Assert.Equal(("RESTS", 429, "At most 60 per minute."), (resting[0].Text("queue"), resting[0].GetProperty("status").GetInt32(), resting[0].GetProperty("problem").Text("rule")));
    }

    private WebApplication Gate() => CapGate.Build(
        Builder(gatePort),
        new GateOptions(
            [new Uri($"http://127.0.0.1:{apiPort}")], () => null, token, IsOpen: true, new AdmissionPolicy(false),
            directory.File("spool.db"), new SpoolLimits(1_000_000, TimeSpan.FromDays(7)), 200,
            new EscalationOptions(null, new Uri($"http://127.0.0.1:{apiPort}/page"), UnknownKeys: false),
            new GateIdentity("edge", PrivateKey.Create()), [X25519PrivateKey.Create()]),
        new HttpClient(), new HttpClient());

    private static WebApplicationBuilder Builder(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        return builder;
    }

    private static IResult List(string capId, PrivateKey reporter) => Results.Json(TestKeyList.Of(capId, reporter));

    private Task<HttpResponseMessage> SendAsync(string path, string id, string capId = "X", DateTimeOffset? at = null) => http.PostAsync(
        $"http://127.0.0.1:{gatePort}{path}",
        NodeFixture.Json(TestIncident.Signed(key, capId, id, at ?? new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero))));

    /// <summary>Retries, as hosts do, until the gate knows that the cluster is unreachable.</summary>
    private async Task<HttpResponseMessage> ReceivedAsync(string path, string id)
    {
        HttpResponseMessage? last = null;
        await Eventually.TrueAsync(async () =>
        {
            last?.Dispose();
            last = await SendAsync(path, id);
            return last.StatusCode != HttpStatusCode.ServiceUnavailable;
        });
        return last!;
    }

    private Task<JsonElement> StatusAsync() => http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{gatePort}/v1/gate/status");

    private async Task<JsonElement> DeadAsync() => (await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{gatePort}/v1/gate/dead")).GetProperty("items");
}
