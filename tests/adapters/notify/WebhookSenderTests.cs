using System.Globalization;
using System.Net.Sockets;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using CapOrleans.Notify;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Notify;

public sealed class WebhookSenderTests
{
    private static readonly ReceiverNetworks WithLoopback = new(ReceiverNetworks.Loopback);

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
    private readonly WebhookSecret deployment = WebhookSecret.Parse(WebhookSecret.Create());

    [Fact]
    public async Task A_receiver_that_fails_first_is_tried_again_under_the_same_id()
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: 2);
        var outcome = await SendAsync(receiver.Url);
        Assert.True(outcome.Delivered, $"{outcome.Fault}");
        Assert.True(receiver.Attempts >= 3);
        var delivery = await receiver.NextAsync();
        Assert.Equal("log/7", delivery.Id);
        Assert.Equal(deployment.Derive("a1", 1)
            .Sign(delivery.Id, long.Parse(delivery.Timestamp, CultureInfo.InvariantCulture), delivery.Bytes), delivery.Signature);
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_sign_and_a_receiver_finds_its_own()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        Assert.True((await SendAsync(receiver.Url, 3, 2)).Delivered);
        var delivery = await receiver.NextAsync();
        var timestamp = long.Parse(delivery.Timestamp, CultureInfo.InvariantCulture);
        Assert.Equal([3, 2], delivery.Signature.Split(' ').Select(signature => Enumerable.Range(1, 4).Single(
            generation => signature == deployment.Derive("a1", generation).Sign(delivery.Id, timestamp, delivery.Bytes))));
    }

    [Fact]
    public async Task A_receiver_that_never_answers_2xx_exhausts_the_schedule()
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: int.MaxValue);
        var outcome = await SendAsync(receiver.Url);
        Assert.Equal(new DeliveryOutcome(false, WebhookSender.Attempts, 503, DeliveryFault.Status), outcome);
    }

    [Theory]
    [InlineData(410)]
    public async Task A_receiver_that_is_gone_is_not_asked_again(int status)
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: int.MaxValue, status);
        Assert.Equal(new DeliveryOutcome(false, 1, status, DeliveryFault.Status), await SendAsync(receiver.Url));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(307)]
    public async Task A_redirect_is_an_answer_and_is_not_followed(int status)
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: 1, status);
        using var sender = new WebhookSender(WithLoopback, deployment, time);
        Assert.Equal(new DeliveryOutcome(false, 1, status, DeliveryFault.Status),
            await sender.TryAsync(Delivery(receiver.Url, 1), CancellationToken.None));
        Assert.Equal(1, receiver.Attempts);
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_or_takes_a_connection_and_says_nothing_is_told_by_its_category_alone()
    {
        Assert.Equal(new DeliveryOutcome(false, WebhookSender.Attempts, null, DeliveryFault.NoAnswer),
            await SendAsync($"http://127.0.0.1:{Child.FreePort()}/secret-path"));
        Assert.Equal(DeliveryFault.NoAnswer, (await SendAsync("http://no-such-host.invalid/")).Fault);
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        Assert.Equal(new DeliveryOutcome(false, WebhookSender.Attempts, null, DeliveryFault.Timeout),
            await SendAsync($"http://{silent.LocalEndpoint}/"));
    }

    [Fact]
    public async Task A_delivery_that_is_ended_says_so_and_is_no_fault_of_the_receiver()
    {
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var end = new CancellationTokenSource();
        using var sender = new WebhookSender(WithLoopback, deployment, time);
        var sending = sender.SendAsync(Delivery($"http://{silent.LocalEndpoint}/", 1), _ => { }, end.Token);
        using var connection = await silent.AcceptTcpClientAsync();
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    private static Delivery Delivery(string url, params int[] generations) =>
        new("log/7", new Uri(url), "{}"u8.ToArray(), new SigningSecrets("a1", generations));

    /// <summary>The fake clock runs fifty times as fast as the real one while the sender waits.</summary>
    private async Task<DeliveryOutcome> SendAsync(string url, params int[] generations)
    {
        using var sender = new WebhookSender(WithLoopback, deployment, time);
        var sending = sender.SendAsync(Delivery(url, generations is [] ? [1] : generations), _ => { }, CancellationToken.None);
        while (!sending.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.WhenAny(sending, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System));
        }

        return await sending;
    }
}
