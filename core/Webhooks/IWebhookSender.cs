using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Core.Webhooks;

/// <param name="Id">The same for every attempt at a delivery, so that a receiver can drop duplicates.</param>
/// <param name="Title">One line for people.</param>
public sealed record Delivery(string Id, Uri Url, byte[] Body, string ContentType, SigningSecrets Secrets, string Title = "");

/// <summary>The secrets of an endpoint that sign a delivery.</summary>
/// <param name="Generations">At least one; the newest first.</param>
public sealed record SigningSecrets(string EndpointId, IReadOnlyList<int> Generations);

/// <summary>The outcome of one attempt.</summary>
/// <param name="Fault">None when the receiver answered 2xx.</param>
/// <param name="Code">HTTP status; null when there was no response.</param>
/// <param name="Duration">Time until the response, or until the attempt was abandoned.</param>
/// <param name="RetryAfter">The receiver's Retry-After; null when it sent none.</param>
/// <param name="Answer">Start of the response body, as text; null for none.</param>
public sealed record DeliveryOutcome(
    DeliveryFault Fault, int? Code, TimeSpan Duration = default, TimeSpan? RetryAfter = null, string? Answer = null)
{
    /// <summary>Too Many Requests: the receiver asks for fewer deliveries, whatever their content.</summary>
    public const int TooMany = 429;

    public bool Delivered => Fault == DeliveryFault.None;

    /// <summary>
    /// Whether the receiver refused this content, as a filter or a size limit does: that predicts
    /// nothing about the next delivery.
    /// </summary>
    public bool IsContentRefusal => Code is >= 400 and < 500 and not (401 or 404 or 405 or 407 or 408 or EndpointHealth.Gone or TooMany);

    public DeliveryReport ToReport() => new(Delivered, Fault, Code);
}

public interface IWebhookSender
{
    /// <returns>
    /// False when the URL's host is an address that deliveries must never connect to, or this node is not set up for its
    /// scheme. Host names are checked on connecting.
    /// </returns>
    bool MayReach(Uri url);

    /// <summary>How long the circuit breaker of an endpoint that only fails stays open.</summary>
    static readonly TimeSpan CircuitBreakDuration = TimeSpan.FromSeconds(5);

    /// <summary>As <see cref="TryAsync"/>, behind the endpoint's circuit breaker.</summary>
    /// <returns>Null when nothing was sent because the circuit breaker is open: all recent attempts failed.</returns>
    Task<DeliveryOutcome?> TryWithCircuitBreakerAsync(Delivery delivery, CancellationToken cancellationToken);

    /// <summary>POSTs once, within 15 seconds.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the receiver may have got the
    /// delivery nevertheless.</exception>
    Task<DeliveryOutcome> TryAsync(Delivery delivery, CancellationToken cancellationToken);
}

/// <summary>The secrets of endpoints, derived from the deployment's secret; no database stores them.</summary>
public interface IWebhookSecrets
{
    /// <summary>The key whose <c>v1a</c> signature every delivery carries.</summary>
    WebhookPublicKey PublicKey { get; }

    /// <returns><c>whsec_</c> and 32 bytes in base64; the same for the same endpoint and generation.</returns>
    string Export(string endpointId, int generation);
}
