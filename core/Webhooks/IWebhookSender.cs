using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Core.Webhooks;

/// <param name="Id">The same for every attempt at the same thing, so that a receiver can drop a duplicate.</param>
public sealed record Delivery(string Id, Uri Url, byte[] Body, string ContentType, SigningSecrets Secrets);

/// <summary>With which of an endpoint's secrets a delivery is signed.</summary>
/// <param name="Generations">At least one; the newest first.</param>
public sealed record SigningSecrets(string EndpointId, IReadOnlyList<int> Generations);

/// <summary>What became of one attempt.</summary>
/// <param name="Fault">None when the receiver answered 2xx.</param>
/// <param name="Code">HTTP status; null when no answer came.</param>
/// <param name="Took">Until the answer, or until it was given up.</param>
/// <param name="RetryAfter">When the receiver wants to be asked again; null when it did not say.</param>
/// <param name="Answer">How the answer's body begins, as text; null for none.</param>
public sealed record DeliveryOutcome(
    DeliveryFault Fault, int? Code, TimeSpan Took = default, TimeSpan? RetryAfter = null, string? Answer = null)
{
    /// <summary>Too many requests: the receiver wants less, whatever it is.</summary>
    public const int TooMany = 429;

    public bool Delivered => Fault == DeliveryFault.None;

    /// <summary>
    /// Whether the receiver refused what was sent, as a filter or a limit of its size does: that says nothing of the next delivery.
    /// </summary>
    public bool IsOfContent => Code is >= 400 and < 500 and not (401 or 404 or 405 or 407 or 408 or EndpointHealth.Gone or TooMany);

    public DeliveryReport ToReport() => new(Delivered, Fault, Code);
}

public interface IWebhookSender
{
    /// <returns>False when the URL's host is an address that is never connected to. Names are judged when they are connected to.</returns>
    bool MayReach(Uri url);

    /// <summary>For so long an endpoint that only fails is not asked again.</summary>
    static readonly TimeSpan AwayTime = TimeSpan.FromSeconds(5);

    /// <summary>As <see cref="TryAsync"/>.</summary>
    /// <returns>Null when nothing was sent, because lately the endpoint did nothing but fail.</returns>
    Task<DeliveryOutcome?> TryUnlessAwayAsync(Delivery delivery, CancellationToken cancellationToken);

    /// <summary>POSTs once, within 15 seconds.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; the receiver may have the delivery all the same.</exception>
    Task<DeliveryOutcome> TryAsync(Delivery delivery, CancellationToken cancellationToken);
}

/// <summary>The secrets of endpoints, derived from the deployment's: no database holds them.</summary>
public interface IWebhookSecrets
{
    /// <summary>The key whose <c>v1a</c> signature every delivery carries.</summary>
    WebhookPublicKey PublicKey { get; }

    /// <returns><c>whsec_</c> and 32 bytes in base64; the same for the same endpoint and generation.</returns>
    string Export(string endpointId, int generation);
}
