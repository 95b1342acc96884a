using CapOrleans.Contracts.Access;
using Orleans;

namespace CapOrleans.Contracts.Webhooks;

/// <summary>
/// A webhook as the cluster stores it. Its secret is not included: it is derived from the id and the generation.
/// </summary>
/// <param name="Id">12 hex digits, drawn at registration: a URL that is removed and registered again gets another id,
/// and so another secret.</param>
/// <param name="Url">Often contains a secret: for operators only, never in the log.</param>
/// <param name="StartsAt">Per log, the index of the first entry that it may be notified of: the end of the log when it
/// was registered or last enabled.</param>
/// <param name="Generation">Generation of the secret, from 1; a rotation adds 1.</param>
/// <param name="PreviousSignsUntil">Until then the previous generation signs as well; null when there is none.</param>
/// <param name="DisabledAt">Null while the webhook is enabled.</param>
/// <param name="DisabledReason"><c>gone</c> or <c>failing</c>; null while the webhook is enabled.</param>
/// <param name="FailingSince">Time of the first failure of the current unbroken series; null after a success.</param>
/// <param name="LastError">The last failed delivery; kept after a success. Its time is precise to the minute.</param>
/// <param name="LastSuccessAt">Precise to the minute.</param>
/// <param name="Options">Null for a webhook that was registered before options existed.</param>
[GenerateSerializer, Immutable, Alias("cap.webhook-endpoint.v1")]
public sealed record WebhookEndpoint(
    [property: Id(0)] string Id,
    [property: Id(1)] string Url,
    [property: Id(2)] DateTimeOffset CreatedAt,
    [property: Id(3)] Actor CreatedBy,
    [property: Id(4)] IReadOnlyList<long> StartsAt,
    [property: Id(5)] int Generation = 1,
    [property: Id(6)] DateTimeOffset? PreviousSignsUntil = null,
    [property: Id(7)] DateTimeOffset? DisabledAt = null,
    [property: Id(8)] string? DisabledReason = null,
    [property: Id(9)] DateTimeOffset? FailingSince = null,
    [property: Id(10)] DeliveryError? LastError = null,
    [property: Id(11)] DateTimeOffset? LastSuccessAt = null,
    [property: Id(12)] WebhookOptions? Options = null)
{
    /// <summary>What the webhook is sent, and how.</summary>
    public WebhookOptions Sends => Options ?? new WebhookOptions(IsLegacy: true);

    public override string ToString() => Id;
}

/// <summary>What a webhook is sent, and how.</summary>
/// <param name="IsLegacy">Whether the body is the legacy record instead of a CloudEvent.</param>
/// <param name="Caps">Pattern of the CapIDs whose incidents are sent; <c>*</c> stands for any
/// characters; null for all.</param>
/// <param name="MinSeverity">Lowest severity that is sent; null for the paging floor of each CapID.</param>
/// <param name="IsOrdered">Whether deliveries are sent one at a time in log order instead of several at once. A failed
/// one is skipped and retried later.</param>
/// <param name="Kinds">Kinds of notifications that are sent.</param>
/// <param name="Message">Whether it is text for people instead, and in which form.</param>
[GenerateSerializer, Immutable, Alias("cap.webhook-options.v1")]
public sealed record WebhookOptions(
    [property: Id(0)] bool IsLegacy,
    [property: Id(1)] string? Caps = null,
    [property: Id(2)] string? MinSeverity = null,
    [property: Id(3)] bool IsOrdered = false,
    [property: Id(4)] WebhookKinds Kinds = WebhookKinds.All,
    [property: Id(5)] MessageFormat Message = MessageFormat.None);

/// <summary>The forms of text for people.</summary>
public enum MessageFormat
{
    None = 0,

    /// <summary>Plain text.</summary>
    Text = 1,

    /// <summary>As Slack's incoming webhooks take it: <c>{"text"}</c>.</summary>
    Slack = 2,

    /// <summary>The content of a Matrix message: <c>{"body","msgtype"}</c>.</summary>
    Matrix = 3,
}

/// <summary>What a webhook is notified of, in addition to the pages of ladders that name it.</summary>
[Flags]
public enum WebhookKinds
{
    All = 0,

    /// <summary>Accepted incidents.</summary>
    Accepted = 1,

    /// <summary>Updates of incidents.</summary>
    Updated = 2,

    /// <summary>Pages only.</summary>
    Paged = 4,
}

/// <param name="Code">HTTP status; null when there was no response.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-error.v1")]
public sealed record DeliveryError([property: Id(0)] DateTimeOffset At, [property: Id(1)] DeliveryFault Fault, [property: Id(2)] int? Code);

/// <summary>
/// Why a delivery failed. Readers of the log get no more detail than this: it would reveal which services listen where.
/// </summary>
public enum DeliveryFault
{
    None = 0,

    /// <summary>The URL leads to addresses that deliveries must not connect to.</summary>
    RefusedAddress = 1,

    /// <summary>No connection, an unknown host name, a failed TLS handshake, or a connection that broke.</summary>
    NoAnswer = 2,

    Timeout = 3,

    /// <summary>The receiver answered with a status outside 2xx.</summary>
    Status = 4,

    /// <summary>Nothing was sent: after a change of its options, the webhook no longer receives this.</summary>
    NotWanted = 5,

    /// <summary>Nothing was sent: the incident had been answered.</summary>
    Answered = 6,
}

/// <param name="Fault"><see cref="DeliveryFault.None"/> when it was delivered.</param>
/// <param name="Code">HTTP status; null when there was no response.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-report.v1")]
public sealed record DeliveryReport([property: Id(0)] bool Delivered, [property: Id(1)] DeliveryFault Fault, [property: Id(2)] int? Code);
