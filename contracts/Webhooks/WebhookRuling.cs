using Orleans;

namespace CapOrleans.Contracts.Webhooks;

public enum WebhookVerdict
{
    Undecided = 0,

    /// <summary>The change is on disk; its log entry follows once the log accepts entries.</summary>
    Changed = 1,

    /// <summary>The webhook already was as requested; nothing changed.</summary>
    Unchanged = 2,

    /// <summary>There is no webhook with this id.</summary>
    Unknown = 3,

    /// <summary>The cluster has reached its limit of webhooks.</summary>
    Full = 4,

    /// <summary>The URL's host is an address that deliveries must not connect to.</summary>
    RefusedAddress = 5,

    /// <summary>Log entries of earlier changes are still pending; nothing changed.</summary>
    Busy = 6,
}

/// <param name="Endpoint">The webhook after the change, or before its removal; null when there is none.</param>
/// <param name="Secret"><c>whsec_</c> and base64; only when this call created it.</param>
[GenerateSerializer, Immutable, Alias("cap.webhook-ruling.v1")]
public sealed record WebhookRuling(
    [property: Id(0)] WebhookVerdict Verdict,
    [property: Id(1)] WebhookEndpoint? Endpoint = null,
    [property: Id(2)] string? Secret = null)
{
    public override string ToString() => $"{Verdict} {Endpoint}";
}

public enum WebhookTestVerdict
{
    Undecided = 0,
    Sent = 1,

    /// <summary>There is no webhook with this id.</summary>
    Unknown = 2,

    /// <summary>The previous test was too recent.</summary>
    TooSoon = 3,
}

/// <param name="Report">Null unless a test was sent.</param>
[GenerateSerializer, Immutable, Alias("cap.webhook-test.v1")]
public sealed record WebhookTest([property: Id(0)] WebhookTestVerdict Verdict, [property: Id(1)] DeliveryReport? Report = null);

/// <summary>The public key of the <c>v1a</c> signature on every delivery.</summary>
/// <param name="Id">Its thumbprint (RFC 7638).</param>
/// <param name="Bytes">Ed25519, 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("cap.webhook-public-key.v1")]
public sealed record WebhookPublicKey([property: Id(0)] string Id, [property: Id(1)] byte[] Bytes);
