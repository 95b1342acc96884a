using System.Globalization;
using System.Net.Http.Headers;
using CapOrleans.Core.Webhooks;
using Polly;
using Polly.Retry;

namespace CapOrleans.Notify;

/// <summary>
/// POSTs with the headers of Standard Webhooks (<c>webhook-id</c>, <c>webhook-timestamp</c>, <c>webhook-signature</c>).
/// Any answer outside 2xx and any fault is tried again: 8 attempts, from 1 second doubling to at most 2 minutes, jittered;
/// one to three minutes in all. Redirects are not followed.
/// </summary>
public sealed class WebhookSender : IWebhookSender
{
    public const int Attempts = 8;

    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient http;
    private readonly WebhookSecret secret;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline<DeliveryOutcome> pipeline;

    public WebhookSender(HttpClient http, WebhookSecret secret, TimeProvider time)
    {
        (this.http, this.secret, this.time) = (http, secret, time);
        pipeline = new ResiliencePipelineBuilder<DeliveryOutcome> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<DeliveryOutcome>
            {
                ShouldHandle = new PredicateBuilder<DeliveryOutcome>().HandleResult(outcome => !outcome.Delivered),
                MaxRetryAttempts = Attempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromSeconds(1),
                MaxDelay = TimeSpan.FromMinutes(2),
                UseJitter = true,
            })
            .Build();
    }

    public async Task<DeliveryOutcome> SendAsync(Delivery delivery, Action<DeliveryOutcome> failed, CancellationToken cancellationToken)
    {
        var attempts = 0;
        return await pipeline.ExecuteAsync(
            async token =>
            {
                var outcome = await AttemptAsync(delivery, ++attempts, token);
                if (!outcome.Delivered)
                {
                    failed(outcome);
                }

                return outcome;
            },
            cancellationToken);
    }

    private async Task<DeliveryOutcome> AttemptAsync(Delivery delivery, int attempt, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var response = await http.SendAsync(Request(delivery), HttpCompletionOption.ResponseHeadersRead, either.Token);
            var code = (int)response.StatusCode;
            return new DeliveryOutcome(response.IsSuccessStatusCode, attempt, code, response.IsSuccessStatusCode ? null : $"The receiver answered {code}.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DeliveryOutcome(false, attempt, null, $"No answer within {AttemptTimeout.TotalSeconds:0} s.");
        }
        catch (HttpRequestException fault)
        {
            return new DeliveryOutcome(false, attempt, null, $"No answer: {fault.HttpRequestError}.");
        }
    }

    private HttpRequestMessage Request(Delivery delivery)
    {
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, delivery.Url) { Content = new ByteArrayContent(delivery.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", delivery.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", secret.Sign(delivery.Id, timestamp, delivery.Body));
        return request;
    }
}
