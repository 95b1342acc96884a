using System.Net;
using System.Net.Http.Headers;
using CapOrleans.Client;
using CapOrleans.Core.Signatures;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Client;

/// <summary>What is retried, when, and what is not.</summary>
public sealed class RetryHandlerTests : HttpMessageHandler
{
    private static readonly Uri Api = new("http://api.example/");

    private readonly FakeTimeProvider time = new();
    private readonly Queue<Func<HttpResponseMessage>> answers = new();
    private int calls;

    [Fact]
    public async Task An_undecided_request_is_retried_when_the_server_asks_for_it()
    {
        answers.Enqueue(() => Answer(503, TimeSpan.FromSeconds(7)));
        answers.Enqueue(() => throw new HttpRequestException("reset"));
        answers.Enqueue(() => Answer(200));
        var asking = Client().ListLimitsAsync(default);
        time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.Equal(1, calls);
        time.Advance(TimeSpan.FromSeconds(0.1));
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return asking.IsCompleted;
        });
        Assert.Empty(await asking);
        Assert.Equal(3, calls);
    }

    [Theory]
    [InlineData(404, null)]
    [InlineData(503, 31)] // longer than the client waits
    public async Task What_is_decided_or_would_take_too_long_is_reported_immediately(int status, int? seconds)
    {
        answers.Enqueue(() => Answer(status, seconds is { } wait ? TimeSpan.FromSeconds(wait) : null));
        var fault = await Assert.ThrowsAnyAsync<ClientException>(() => Client().ListLimitsAsync(default));
        Assert.Equal((status, 1), (fault.Status, calls));
    }

    [Fact]
    public async Task What_may_have_taken_effect_is_not_retried()
    {
        answers.Enqueue(() => Answer(503));
        var fault = await Assert.ThrowsAsync<NoAnswerException>(() => Client().CreateApiKeyAsync("x", "read", default));
        Assert.Equal((503, true, 1), (fault.Status, fault.IsRetryable, calls));
    }

    [Theory]
    [InlineData("""{"items":[null],"next":null}""")]
    [InlineData("""{"items":[],"next":"a"}""")]
    [InlineData("""{"items":{}}""")]
    [InlineData("<html>")]
    [InlineData("null")]
    public async Task An_answer_that_is_not_the_service_s_is_a_failure(string body)
    {
        answers.Enqueue(() => Answer(200, null, body));
        answers.Enqueue(() => Answer(200, null, body));
        await Assert.ThrowsAsync<NoAnswerException>(async () => await Client().ListIncidentsAsync(new IncidentFilter(), default).ToListAsync());
    }

    [Fact]
    public async Task The_receipt_of_another_incident_accepts_nothing()
    {
        var incident = TestIncident.Signed(PrivateKey.Create(), "CAP", "A", TimeProvider.System.GetUtcNow()).Bytes();
        answers.Enqueue(() => Answer(201, null, TestReceipt.Of("CAP", "B")));
        var fault = await Assert.ThrowsAsync<NoAnswerException>(() => Client().SendIncidentAsync(incident, default));
        Assert.Contains("of another incident", fault.Message, StringComparison.Ordinal);
        answers.Enqueue(() => Answer(201, null, TestReceipt.Of("CAP", "A")));
        Assert.Equal("A", (await Client().SendIncidentAsync(incident, default)).IncidentId);
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(60, false)]
    public async Task A_dead_letter_as_deep_as_an_incident_may_be_is_shown(int levels, bool isRead)
    {
        var incident = $"{string.Concat(Enumerable.Repeat("{\"a\":", levels))}1{new string('}', levels)}";
        answers.Enqueue(() => Answer(200, null, $$"""
            {"items":[{"number":1,"capId":"C","incidentId":"I","incident":{{incident}},"receivedAt":"2026-01-01T00:00:00Z",
            "refusedAt":"2026-01-01T00:00:00Z","status":404,"problem":{},"isVouched":false}],"next":null}
            """));
        var gate = new GateClient(new HttpClient(this, disposeHandler: false), Api);
        var letters = await Record.ExceptionAsync(async () => await gate.ListDeadLettersAsync(default).ToListAsync());
        Assert.Equal(isRead, letters is null);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        calls++;
        return Task.FromResult(answers.Dequeue()());
    }

    private CapOrleansClient Client() => new(
        new HttpClient(new RetryHandler(3, time) { InnerHandler = this }) { Timeout = Timeout.InfiniteTimeSpan }, Api,
        new ClientOptions { Time = time });

    private static HttpResponseMessage Answer(int status, TimeSpan? wait = null, string body = "[]")
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body) };
        response.Headers.RetryAfter = wait is { } after ? new RetryConditionHeaderValue(after) : null;
        return response;
    }
}
