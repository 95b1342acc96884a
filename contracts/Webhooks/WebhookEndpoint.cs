using CapOrleans.Contracts.Access;
using Orleans;

namespace CapOrleans.Contracts.Webhooks;

/// <summary>A receiver of severe incidents, as the cluster keeps it. Its secret is not in here: it is derived from the id and the
/// generation.</summary>
/// <param name="Id">12 hex digits, drawn at registration: a URL that is registered again after its removal has another id, and so another
/// secret.</param>
/// <param name="Url">Often carries a secret: for operators only, never in the log.</param>
/// <param name="StartsAt">By log, the index of the first entry that it may be notified of: the end of the log when it was registered or
/// last enabled.</param>
/// <param name="Generation">Of the secret, from 1; a rotation adds 1.</param>
/// <param name="PreviousSignsUntil">Until then the generation before signs as well; null when there is none.</param>
/// <param name="DisabledAt">Null while deliveries go on.</param>
/// <param name="DisabledReason"><c>gone</c> or <c>failing</c>; null while deliveries go on.</param>
/// <param name="FailingSince">When the first of an unbroken row of failed deliveries ended; null after a success.</param>
/// <param name="LastError">Of the last delivery that failed; kept after a success. Its time is exact to the minute.</param>
/// <param name="LastSuccessAt">Exact to the minute.</param>
/// <param name="Options">Null of one that was registered before there were any.</param>
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
    /// <summary>What it is sent, and how.</summary>
    public WebhookOptions Sends => Options ?? new WebhookOptions(IsLegacy: true);

    public override string ToString() => Id;
}

/// <summary>What a webhook is sent, and how.</summary>
/// <param name="IsLegacy">The body is the legacy record, else a CloudEvent.</param>
/// <param name="Caps">Only incidents of CapIDs that match it, where <c>*</c> stands for any characters; null for all.</param>
/// <param name="MinSeverity">Only incidents from this severity on; null for the paging floor of each CapID.</param>
/// <param name="IsOrdered">One after the other, in the order of the log, instead of several at once. One that fails is passed over, and
/// follows later.</param>
/// <param name="Kinds">Only these.</param>
[GenerateSerializer, Immutable, Alias("cap.webhook-options.v1")]
public sealed record WebhookOptions(
    [property: Id(0)] bool IsLegacy,
    [property: Id(1)] string? Caps = null,
    [property: Id(2)] string? MinSeverity = null,
    [property: Id(3)] bool IsOrdered = false,
    [property: Id(4)] WebhookKinds Kinds = WebhookKinds.All);

/// <summary>What a webhook is notified of, beside the pages of ladders that name it.</summary>
[Flags]
public enum WebhookKinds
{
    All = 0,

    /// <summary>Accepted incidents.</summary>
    Accepted = 1,

    /// <summary>What is done about them.</summary>
    Updated = 2,

    /// <summary>Pages alone.</summary>
    Paged = 4,
}

/// <param name="Code">HTTP status; null when no answer came.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-error.v1")]
public sealed record DeliveryError([property: Id(0)] DateTimeOffset At, [property: Id(1)] DeliveryFault Fault, [property: Id(2)] int? Code);

/// <summary>Why a delivery failed. Readers of the log learn no more than this: more would tell them what listens where.</summary>
public enum DeliveryFault
{
    None = 0,

    /// <summary>The URL leads to addresses that are not connected to.</summary>
    RefusedAddress = 1,

    /// <summary>No connection, no such name, a failed TLS handshake, or a connection that broke.</summary>
    NoAnswer = 2,

    Timeout = 3,

    /// <summary>The receiver answered with a status outside 2xx.</summary>
    Status = 4,

    /// <summary>Nothing was sent: the webhook was changed, and does not want it any more.</summary>
    NotWanted = 5,

    /// <summary>Nothing was sent: somebody had answered the incident.</summary>
    Answered = 6,
}

/// <param name="Fault"><see cref="DeliveryFault.None"/> when it was delivered.</param>
/// <param name="Code">HTTP status; null when no answer came.</param>
[GenerateSerializer, Immutable, Alias("cap.delivery-report.v1")]
public sealed record DeliveryReport([property: Id(0)] bool Delivered, [property: Id(1)] DeliveryFault Fault, [property: Id(2)] int? Code);
