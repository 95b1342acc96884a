using System.Net;
using System.Text;
using System.Text.Json;
using CapOrleans.Api.Caps;
using CapOrleans.Contracts;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Gates;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Webhooks;
using Npgsql;

namespace CapOrleans.Tests.Api;

/// <summary>How the API handles answers that a cluster rarely gives.</summary>
public sealed class ClusterAnswerTests
{
    [Theory]
    [InlineData("PUT", "/v1/gates/one-more", """{"address":"0x9858EfFD232B4033E47d90003D41EC34EcaEda94"}""", 409, "gates-full")]
    [InlineData("POST", "/v1/webhooks", """{"url":"https://pager.example/in"}""", 409, "webhooks-full")]
    [InlineData("POST", "/v1/operators", """{"name":"one-more","scope":"read"}""", 409, "too-many-keys")]
    [InlineData("GET", "/audit", "", 404, "no-audit")]
    [InlineData("GET", "/v1/gates", "", 500, "internal")]
    [InlineData("GET", "/v1/webhooks", "", 503, "unavailable")]
    [InlineData("PUT", "/v1/caps/Z-001", "{}", 503, "unavailable")]
    public async Task It_is_a_problem_with_a_name(string method, string path, string body, int status, string type)
    {
        await using var api = await LoneApi.StartAsync(new Dictionary<string, Func<object?[], Task>>
        {
            ["IGatesGrain.AddAsync"] = _ => Task.FromResult(GateAddition.Full),
            ["IGatesGrain.ListAsync"] = _ => Task.FromException<IReadOnlyList<GateView>>(new InvalidOperationException("A fault of the test.")),
            ["IWebhooksGrain.ListAsync"] = _ => Task.FromException<IReadOnlyList<WebhookEndpoint>>(new NpgsqlException("A fault of the test")),
            ["ICapGrain.DefineAsync"] = _ => Task.FromException<CapRuling>(new LogFencedException("A fault of the test")),
            ["IWebhooksGrain.RegisterAsync"] = _ => Task.FromResult(new WebhookRuling(WebhookVerdict.Full, null)),
            ["IOperatorsGrain.AddAsync"] = _ => Task.FromResult(false),
            ["ILogReaderGrain.LatestAsync"] = _ => Task.FromResult<byte[]?>(null),
        });
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body.Length > 0 ? new StringContent(body, Encoding.UTF8, "application/json") : null };
        using var answer = await api.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        var problem = JsonElement.Parse(text);
        Assert.Equal((status, $"urn:caporleans:problem:{type}"), ((int)answer.StatusCode, problem.Text("type")));
        Assert.Equal(ProblemTypes.Meanings[type], problem.Text("detail"));
        Assert.NotEqual(problem.Text("rule"), problem.Text("detail"));
        Assert.DoesNotContain("A fault of the test", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Few_score_histories_are_read_at_once_like_other_pages()
    {
        var (read, mayAnswer) = (0, new TaskCompletionSource());
        await using var api = await LoneApi.StartAsync(
            new Dictionary<string, Func<object?[], Task>> { ["ILogReaderGrain.ScoreAsync"] = _ => ReadAsync() });
        async Task<ScorePage?> ReadAsync()
        {
            Interlocked.Increment(ref read);
            await mayAnswer.Task;
            return new ScorePage([], null);
        }

        async Task<HttpStatusCode> AskAsync()
        {
            using var answer = await api.Http.GetAsync("/v1/caps/Z-001/history");
            return answer.StatusCode;
        }

        var asked = Enumerable.Range(0, 40).Select(_ => AskAsync()).ToList();
        await Eventually.TrueAsync(() => asked.Count(answer => answer.IsCompleted) == 8); // these are refused: eight are being read, and 24 wait
        Assert.Equal(8, read);
        mayAnswer.SetResult();
        var statuses = await Task.WhenAll(asked);
        Assert.Equal(32, statuses.Count(status => status == HttpStatusCode.OK));
        Assert.Equal(8, statuses.Count(status => status == HttpStatusCode.ServiceUnavailable));
    }

    [Fact]
    public async Task Few_signed_changes_of_one_address_are_judged_at_once()
    {
        var (judged, mayAnswer) = (0, new TaskCompletionSource());
        var refused = new CapRuling(CapVerdict.Unauthorised, null, new Refusal("signer-not-authorised", "signature", "an admin key of the CapID"));
        await using var api = await LoneApi.StartAsync(new Dictionary<string, Func<object?[], Task>>
        {
            ["ICapGrain.ChangeAsync"] = _ => RefuseAsync(),
        });
        async Task<CapRuling> RefuseAsync()
        {
            Interlocked.Increment(ref judged);
            await mayAnswer.Task;
            return refused;
        }

        var sent = Enumerable.Range(0, 50).Select(async i =>
        {
            using var body = new StringContent("""{"change":{"policy":{"reportsPerMinute":2}},"afterVersion":1,"timestamp":"2026-01-01T00:00:00Z","signature":"0x00"}""", Encoding.UTF8, "application/json");
            using var answer = await api.Http.PostAsync("/v1/caps/Z-001/changes", body);
            return answer.StatusCode;
        }).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref judged) == SignedChangeLimiter.MaxConcurrentPerAddress);
        mayAnswer.SetResult();
        Assert.All(await Task.WhenAll(sent), status => Assert.Equal(HttpStatusCode.Forbidden, status));
        Assert.Equal(50, judged);
    }
}
