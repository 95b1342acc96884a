namespace CapOrleans.Core.Webhooks;

/// <param name="Id">The same for every attempt at the same thing, so that a receiver can drop a repetition.</param>
public sealed record Delivery(string Id, Uri Url, byte[] Body);

/// <param name="Code">HTTP status of the last attempt; null when no answer came.</param>
/// <param name="Fault">Null when the receiver answered 2xx.</param>
public sealed record DeliveryOutcome(bool Delivered, int Attempts, int? Code, string? Fault);

public interface IWebhookSender
{
    /// <summary>POSTs until the receiver answers 2xx or the schedule is exhausted.</summary>
    /// <param name="failed">Told of every attempt that failed, while it goes on.</param>
    Task<DeliveryOutcome> SendAsync(Delivery delivery, Action<DeliveryOutcome> failed, CancellationToken cancellationToken);
}
