namespace CapOrleans.Core.Webhooks;

/// <summary>A way to deliver other than HTTP, for the URLs of one scheme.</summary>
public interface IDeliveryChannel
{
    string Scheme { get; }

    /// <summary>Whether this node is set up to deliver to the URL.</summary>
    bool MayReach(Uri url);

    /// <summary>Delivers once. A fault other than cancellation counts as no answer.</summary>
    Task<DeliveryOutcome> SendAsync(Delivery delivery, CancellationToken cancellationToken);
}
