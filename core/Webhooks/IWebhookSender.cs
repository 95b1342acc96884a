using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Core.Webhooks;

/// <param name="Id">The same for every attempt at the same thing, so that a receiver can drop a duplicate.</param>
public sealed record Delivery(string Id, Uri Url, byte[] Body, SigningSecrets Secrets);

/// <summary>With which of an endpoint's secrets a delivery is signed.</summary>
/// <param name="Generations">At least one; the newest first.</param>
public sealed record SigningSecrets(string EndpointId, IReadOnlyList<int> Generations);

/// <param name="Code">HTTP status of the last attempt; null when no answer came.</param>
/// <param name="Fault">Of the last attempt; none when the receiver answered 2xx.</param>
public sealed record DeliveryOutcome(bool Delivered, int Attempts, int? Code, DeliveryFault Fault)
{
    public DeliveryReport ToReport() => new(Delivered, Fault, Code);
}

public interface IWebhookSender
{
    /// <returns>False when the URL's host is an address that is never connected to. Names are judged when they are connected to.</returns>
    bool MayReach(Uri url);

    /// <summary>POSTs until the receiver answers 2xx or 410, or the schedule is exhausted.</summary>
    /// <param name="failed">Called for every attempt that failed, while it goes on.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; the receiver may have the delivery all the same.</exception>
    Task<DeliveryOutcome> SendAsync(Delivery delivery, Action<DeliveryOutcome> failed, CancellationToken cancellationToken);

    /// <summary>POSTs once.</summary>
    Task<DeliveryOutcome> TryAsync(Delivery delivery, CancellationToken cancellationToken);
}

/// <summary>The secrets of endpoints, derived from the deployment's: no database holds them.</summary>
public interface IWebhookSecrets
{
    /// <returns><c>whsec_</c> and 32 bytes in base64; the same for the same endpoint and generation.</returns>
    string Export(string endpointId, int generation);
}
