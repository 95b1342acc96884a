using System.Globalization;
using System.Net.Sockets;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using CapOrleans.Notify;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Notify;

/// <summary>One attempt, with real receivers.</summary>
public sealed class WebhookSenderTests : IAsyncDisposable
{
    private static readonly ReceiverNetworks WithLoopback = new(ReceiverNetworks.Loopback);

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
    private readonly WebhookSecret deployment = WebhookSecret.Parse(WebhookSecret.Create());
    private readonly WebhookSender sender;

    public WebhookSenderTests() => sender = new WebhookSender(WithLoopback, deployment, time);

    public ValueTask DisposeAsync()
    {
        sender.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Each_secret_of_the_endpoint_and_the_deployment_s_key_sign_and_a_receiver_finds_its_own()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        Assert.True((await TryAsync(receiver.Url, 3, 2)).Delivered);
        var delivery = await receiver.NextAsync();
        var timestamp = long.Parse(delivery.Timestamp, CultureInfo.InvariantCulture);
        Assert.Equal(("log/7", time.GetUtcNow().ToUnixTimeSeconds()), (delivery.Id, timestamp));
        var signatures = delivery.Signature.Split(' ');
        Assert.Equal([3, 2], signatures[..^1].Select(signature => Enumerable.Range(1, 4).Single(
            generation => signature == deployment.Derive("a1", generation).Sign(delivery.Id, timestamp, delivery.Bytes))));
        Assert.Equal(deployment.DeriveKey().Sign(delivery.Id, timestamp, delivery.Bytes), signatures[^1]);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    [InlineData(301)]
    [InlineData(307)]
    [InlineData(410)]
    [InlineData(503)]
    public async Task An_answer_outside_2xx_is_a_failure_and_no_redirect_is_followed(int status)
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: 1, status);
        var outcome = await TryAsync(receiver.Url, 1);
        Assert.Equal(new DeliveryOutcome(status < 300 ? DeliveryFault.None : DeliveryFault.Status, status), outcome);
        Assert.Equal(1, receiver.Attempts);
    }

    [Theory]
    [InlineData("120", 120)]
    [InlineData("Tue, 24 Nov 2026 12:10:00 GMT", 600)]
    [InlineData("Tue, 24 Nov 2026 11:00:00 GMT", null)]
    [InlineData("soon", null)]
    public async Task A_receiver_s_Retry_After_and_answer_are_recorded(string after, int? seconds)
    {
        await using var app = await AnswerAsync(async context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = after;
            await context.Response.WriteAsync($"too many\r\n\e[31mrequests {new string('x', 1000)}");
        });
        var outcome = await TryAsync(app.Urls.Single(), 1);
        Assert.Equal((429, seconds is { } s ? TimeSpan.FromSeconds(s) : null), (outcome.Code, outcome.RetryAfter));
        Assert.StartsWith("too many[31mrequests xxx", outcome.Answer, StringComparison.Ordinal);
        Assert.InRange(outcome.Answer!.Length, 200, 256);
    }

    [Fact]
    public async Task A_body_that_drips_delays_no_answer()
    {
        var isOver = new TaskCompletionSource();
        await using var app = await AnswerAsync(async context =>
        {
            context.Response.StatusCode = 500;
            await context.Response.WriteAsync("no");
            await context.Response.Body.FlushAsync();
            await isOver.Task;
        });
        var trying = TryAsync(app.Urls.Single(), 1);
        await PassAsync(trying);
        Assert.Equal((DeliveryFault.Status, "no"), ((await trying).Fault, (await trying).Answer));
        isOver.SetResult();
    }

    [Fact]
    public async Task An_unreachable_or_silent_receiver_is_reported_by_category_only()
    {
        Assert.Equal(new DeliveryOutcome(DeliveryFault.NoAnswer, null), await TryAsync(
            $"http://127.0.0.1:{Child.FreePort()}/secret-path", 1));
        Assert.Equal(DeliveryFault.NoAnswer, (await TryAsync("http://no-such-host.invalid/", 1)).Fault);
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var trying = TryAsync($"http://{silent.LocalEndpoint}/", 1);
        await PassAsync(trying);
        Assert.Equal((DeliveryFault.Timeout, null), ((await trying).Fault, (await trying).Code));
        Assert.InRange((await trying).Duration, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(17));
    }

    [Fact]
    public async Task A_cancelled_delivery_is_reported_as_such_and_not_as_the_receiver_s_fault()
    {
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var end = new CancellationTokenSource();
        var sending = sender.TryAsync(Delivery($"http://{silent.LocalEndpoint}/", 1), end.Token);
        using var connection = await silent.AcceptTcpClientAsync();
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(413)]
    [InlineData(429)]
    public async Task A_receiver_that_refuses_the_content_is_not_unavailable(int status)
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: 20, status);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(status, (await sender.TryWithCircuitBreakerAsync(Delivery(receiver.Url, 1), default))!.Code);
        }

        Assert.True((await sender.TryWithCircuitBreakerAsync(Delivery(receiver.Url, 1), default))!.Delivered);
    }

    [Fact]
    public async Task An_endpoint_that_only_fails_is_left_alone_for_a_while_and_others_are_not()
    {
        await using var failing = await WebhookReceiver.StartAsync(refusals: 6);
        await using var other = await WebhookReceiver.StartAsync();
        Task<DeliveryOutcome?> AskAsync(WebhookReceiver receiver) => sender.TryWithCircuitBreakerAsync(Delivery(receiver.Url, 1) with
        {
            Secrets = new SigningSecrets(receiver == failing ? "a1" : "b2", [1]),
        }, default);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(503, (await AskAsync(failing))!.Code);
        }

        Assert.Null(await AskAsync(failing));
        Assert.True((await AskAsync(other))!.Delivered);
        Assert.Equal(5, failing.Attempts);
        time.Advance(IWebhookSender.CircuitBreakDuration);
        Assert.Equal(503, (await AskAsync(failing))!.Code); // one attempt is allowed
        Assert.Null(await AskAsync(failing));
        time.Advance(IWebhookSender.CircuitBreakDuration);
        Assert.True((await AskAsync(failing))!.Delivered);
        Assert.True((await AskAsync(failing))!.Delivered);
    }

    private static Delivery Delivery(string url, params int[] generations) =>
        new("log/7", new Uri(url), "{}"u8.ToArray(), "application/json", new SigningSecrets("a1", generations));

    private Task<DeliveryOutcome> TryAsync(string url, params int[] generations) => sender.TryAsync(Delivery(url, generations), default);

    private async Task PassAsync(Task trying)
    {
        while (!trying.IsCompleted)
        {
            await Task.WhenAny(trying, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
            time.Advance(TimeSpan.FromMilliseconds(500));
        }
    }

    private static async Task<WebApplication> AnswerAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{Child.FreePort()}");
        var app = builder.Build();
        app.MapPost("/{**path}", answer);
        await app.StartAsync();
        return app;
    }
}
