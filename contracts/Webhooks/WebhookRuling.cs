using Orleans;

namespace CapOrleans.Contracts.Webhooks;

public enum WebhookVerdict
{
    Undecided = 0,

    /// <summary>The change is on disk; its log entry follows, at the latest when the log takes entries again.</summary>
    Changed = 1,

    /// <summary>It was so before; nothing changed.</summary>
    AlreadySo = 2,

    /// <summary>There is no webhook with this id.</summary>
    Unknown = 3,

    /// <summary>There are as many webhooks as there may be.</summary>
    Full = 4,

    /// <summary>The URL's host is an address that is not connected to.</summary>
    RefusedAddress = 5,

    /// <summary>The log entries of earlier changes still wait; nothing changed.</summary>
    Busy = 6,
}

/// <param name="Endpoint">As it is now, or was when it was removed; null when there is none.</param>
/// <param name="Secret"><c>whsec_</c> and base64; only when this call made it.</param>
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

    /// <summary>The last test was sent too short a time ago.</summary>
    TooSoon = 3,
}

/// <param name="Report">Null unless a test was sent.</param>
[GenerateSerializer, Immutable, Alias("cap.webhook-test.v1")]
public sealed record WebhookTest([property: Id(0)] WebhookTestVerdict Verdict, [property: Id(1)] DeliveryReport? Report = null);

/// <summary>The key whose <c>v1a</c> signature every delivery carries.</summary>
/// <param name="Id">Its thumbprint (RFC 7638).</param>
/// <param name="Bytes">Ed25519, 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("cap.webhook-public-key.v1")]
public sealed record WebhookPublicKey([property: Id(0)] string Id, [property: Id(1)] byte[] Bytes);
