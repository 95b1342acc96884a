using System.Globalization;
using System.Net.Http.Headers;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using Polly;
using Polly.Retry;

namespace CapOrleans.Notify;

/// <summary>
/// POSTs with the headers of Standard Webhooks (<c>webhook-id</c>, <c>webhook-timestamp</c>, <c>webhook-signature</c>).
/// Any answer outside 2xx but 410 and any fault is tried again: 8 attempts, from 1 second doubling to at most 2 minutes, jittered;
/// one to three minutes in all. An answer's body is not read.
/// </summary>
public sealed class WebhookSender : IWebhookSender, IDisposable
{
    public const int Attempts = 8;

    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient http;
    private readonly ReceiverNetworks networks;
    private readonly WebhookSecret deployment;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline<DeliveryOutcome> pipeline;

    /// <param name="deployment">The secret that those of the endpoints are derived from.</param>
    public WebhookSender(ReceiverNetworks networks, WebhookSecret deployment, TimeProvider time)
    {
        (this.networks, this.deployment, this.time) = (networks, deployment, time);
        http = networks.CreateClient();
        pipeline = new ResiliencePipelineBuilder<DeliveryOutcome> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<DeliveryOutcome>
            {
                ShouldHandle = new PredicateBuilder<DeliveryOutcome>()
                    .HandleResult(outcome => !outcome.Delivered && outcome.Code != EndpointHealth.Gone),
                MaxRetryAttempts = Attempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromSeconds(1),
                MaxDelay = TimeSpan.FromMinutes(2),
                UseJitter = true,
            })
            .Build();
    }

    public bool MayReach(Uri url) => networks.Allow(url);

    public Task<DeliveryOutcome> TryAsync(Delivery delivery, CancellationToken cancellationToken) =>
        AttemptAsync(delivery, 1, cancellationToken);

    public void Dispose() => http.Dispose();

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
            var fault = response.IsSuccessStatusCode ? DeliveryFault.None : DeliveryFault.Status;
            return new DeliveryOutcome(response.IsSuccessStatusCode, attempt, code, fault);
        }
        catch (Exception fault)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new DeliveryOutcome(false, attempt, null, timeout.IsCancellationRequested ? DeliveryFault.Timeout
                : fault.InnerException is RefusedAddressException ? DeliveryFault.RefusedAddress
                : DeliveryFault.NoAnswer);
        }
    }

    private HttpRequestMessage Request(Delivery delivery)
    {
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, delivery.Url) { Content = new ByteArrayContent(delivery.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", delivery.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", string.Join(' ', delivery.Secrets.Generations.Select(
            generation => deployment.Derive(delivery.Secrets.EndpointId, generation).Sign(delivery.Id, timestamp, delivery.Body))));
        return request;
    }
}
