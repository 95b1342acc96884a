using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using Polly;
using Polly.CircuitBreaker;

namespace CapOrleans.Notify;

/// <summary>
/// POSTs with the headers of Standard Webhooks (<c>webhook-id</c>, <c>webhook-timestamp</c>, <c>webhook-signature</c>),
/// signed with each secret of the endpoint (<c>v1</c>) and with the deployment's key (<c>v1a</c>). A circuit breaker
/// per endpoint pauses deliveries when all attempts within a minute, at least five, failed. Refusals of a delivery's
/// content, 410 and 429 do not count as failures.
/// </summary>
public sealed class WebhookSender : IWebhookSender, IDisposable
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(15);

    private readonly HttpClient http;
    private readonly ReceiverNetworks networks;
    private readonly WebhookSecret deployment;
    private readonly WebhookKey key;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, ResiliencePipeline<DeliveryOutcome>> circuits = new(StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, IDeliveryChannel> channels;

    /// <param name="deployment">The secret from which those of the endpoints, and the key, are derived.</param>
    /// <param name="channels">Other ways to deliver than HTTP.</param>
    public WebhookSender(
        ReceiverNetworks networks, WebhookSecret deployment, TimeProvider time, params IReadOnlyList<IDeliveryChannel> channels)
    {
        this.channels = channels.ToDictionary(channel => channel.Scheme);
        (this.networks, this.deployment, this.time) = (networks, deployment, time);
        key = deployment.DeriveKey();
        http = networks.CreateClient();
    }

    public bool MayReach(Uri url) => IsHttp(url) ? networks.IsAllowed(url)
        : channels.TryGetValue(url.Scheme, out var channel) && channel.MayReach(url);

    public void Dispose() => http.Dispose();

    public async Task<DeliveryOutcome?> TryWithCircuitBreakerAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            return await circuits.GetOrAdd(delivery.Secrets.EndpointId, _ => NewCircuit())
                .ExecuteAsync(async token => await TryAsync(delivery, token), cancellationToken);
        }
        catch (BrokenCircuitException)
        {
            return null;
        }
    }

    public async Task<DeliveryOutcome> TryAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (!IsHttp(delivery.Url) && !MayReach(delivery.Url))
        {
            return new DeliveryOutcome(DeliveryFault.RefusedAddress, null);
        }

        var started = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(AttemptTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            if (!IsHttp(delivery.Url))
            {
                return await channels[delivery.Url.Scheme].SendAsync(delivery, linked.Token);
            }

            using var request = Request(delivery);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            var took = time.GetElapsedTime(started);
            var after = response.Headers.RetryAfter is { } header ? header.Delta ?? (header.Date - time.GetUtcNow()) : null;
            return new DeliveryOutcome(
                response.IsSuccessStatusCode ? DeliveryFault.None : DeliveryFault.Status, (int)response.StatusCode, took,
                after >= TimeSpan.Zero ? after : null,
                response.IsSuccessStatusCode ? null : await ResponseExcerpt.ReadAsync(response.Content, time, linked.Token));
        }
        catch (Exception fault)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var kind = timeout.IsCancellationRequested ? DeliveryFault.Timeout
                : fault.InnerException is RefusedAddressException ? DeliveryFault.RefusedAddress
                : DeliveryFault.NoAnswer;
            return new DeliveryOutcome(kind, null, time.GetElapsedTime(started));
        }
    }

    private static bool IsHttp(Uri url) => url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp;

    private ResiliencePipeline<DeliveryOutcome> NewCircuit() => new ResiliencePipelineBuilder<DeliveryOutcome> { TimeProvider = time }
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions<DeliveryOutcome>
        {
            ShouldHandle = new PredicateBuilder<DeliveryOutcome>()
                .HandleResult(outcome => !outcome.Delivered && !outcome.IsContentRefusal
                    && outcome.Code is not (EndpointHealth.Gone or DeliveryOutcome.TooMany)),
            FailureRatio = 1,
            MinimumThroughput = 5,
            SamplingDuration = TimeSpan.FromMinutes(1),
            BreakDuration = IWebhookSender.CircuitBreakDuration,
        })
        .Build();

    private HttpRequestMessage Request(Delivery delivery)
    {
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, delivery.Url) { Content = new ByteArrayContent(delivery.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(delivery.ContentType);
        request.Headers.Add("webhook-id", delivery.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", string.Join(' ', delivery.Secrets.Generations
            .Select(generation => deployment.Derive(delivery.Secrets.EndpointId, generation).Sign(delivery.Id, timestamp, delivery.Body))
            .Append(key.Sign(delivery.Id, timestamp, delivery.Body))));
        return request;
    }
}
