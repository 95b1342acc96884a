using System.Globalization;
using CapOrleans.Core.Webhooks;
using CapOrleans.Notify;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Notify;

public sealed class WebhookSenderTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
    private readonly WebhookSecret secret = WebhookSecret.Parse(WebhookSecret.Create());

    [Fact]
    public async Task A_receiver_that_fails_first_is_tried_again_under_the_same_id()
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: 2);
        var outcome = await SendAsync(receiver.Url);
        Assert.True(outcome.Delivered, outcome.Fault);
        Assert.True(receiver.Attempts >= 3);
        var delivery = await receiver.NextAsync();
        Assert.Equal("log/7", delivery.Id);
        Assert.Equal(secret.Sign(delivery.Id, long.Parse(delivery.Timestamp, CultureInfo.InvariantCulture), delivery.Bytes), delivery.Signature);
    }

    [Fact]
    public async Task A_receiver_that_never_answers_2xx_exhausts_the_schedule()
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: int.MaxValue);
        var outcome = await SendAsync(receiver.Url);
        Assert.False(outcome.Delivered);
        Assert.Equal(WebhookSender.Attempts, outcome.Attempts);
        Assert.NotNull(outcome.Fault);
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_is_a_fault_without_its_URL()
    {
        var outcome = await SendAsync($"http://127.0.0.1:{Child.FreePort()}/secret-path");
        Assert.False(outcome.Delivered);
        Assert.Null(outcome.Code);
        Assert.DoesNotContain("secret-path", outcome.Fault, StringComparison.Ordinal);
    }

    /// <summary>The fake clock runs fifty times as fast as the real one while the sender waits.</summary>
    private async Task<DeliveryOutcome> SendAsync(string url)
    {
        using var http = new HttpClient();
        var sending = new WebhookSender(http, secret, time).SendAsync(new Delivery("log/7", new Uri(url), "{}"u8.ToArray()), _ => { }, CancellationToken.None);
        while (!sending.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.WhenAny(sending, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System));
        }

        return await sending;
    }
}
