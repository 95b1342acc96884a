using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace CapOrleans.Contracts.Webhooks;

/// <param name="Url">Absolute, http or https, at most 2,048 characters.</param>
/// <param name="Format"><c>cloudevents</c>: a CloudEvent 1.0 in structured JSON; <c>legacy</c>: the record of the legacy clients.</param>
/// <param name="Caps">Only CapIDs that match it, where <c>*</c> stands for any characters; default all.</param>
/// <param name="MinSeverity">Only incidents from this severity on; default the paging floor of each CapID.</param>
/// <param name="Ordered">One after the other, in the order of the log, instead of several at once. One that fails is passed over, and
/// follows later.</param>
/// <param name="Kinds">Only these: <c>accepted</c> incidents, those that are <c>updated</c>, or <c>paged</c>; default
/// all. Pages are sent to the webhooks that a ladder names, whatever else they want.</param>
public sealed record WebhookRequest(
    [property: Required] string? Url,
    [property: AllowedValues("cloudevents", "legacy")] string? Format = null,
    string? Caps = null,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string? MinSeverity = null,
    bool Ordered = false,
    IReadOnlyList<string>? Kinds = null);

/// <summary>
/// What changes of a webhook; what is left out stays as it is, and an empty string, or list, takes a limit away.
/// </summary>
/// <inheritdoc cref="WebhookRequest"/>
public sealed record WebhookChangeRequest(
    [property: AllowedValues("cloudevents", "legacy")] string? Format = null,
    string? Caps = null,
    [property: AllowedValues("", "normal", "high", "escalated", "critical")] string? MinSeverity = null,
    bool? Ordered = null,
    IReadOnlyList<string>? Kinds = null);

/// <summary>One incident by its ids, or the entries of a log from an index on up to another.</summary>
/// <param name="Log">The log's number.</param>
/// <param name="From">Index of the first entry.</param>
/// <param name="To">Index behind the last entry, at most 1,000 behind the first.</param>
public sealed record RedeliveryRequest(string? CapId = null, string? IncidentId = null, int? Log = null, long? From = null,
    long? To = null);

/// <param name="Deliveries">That wait for their attempt now.</param>
public sealed record RedeliveryView(int Deliveries);

/// <param name="Error">Null when it was delivered.</param>
/// <param name="Code">HTTP status; null when no answer came.</param>
/// <param name="Answer">How the answer's body begins, 256 bytes at most; null for none.</param>
public sealed record DeliveryAttemptView(DateTimeOffset At, int Milliseconds,
    [property: AllowedValues("refused-address", "no-answer", "timeout", "status", "not-wanted", "answered")] string? Error, int? Code,
        string? Answer);

/// <param name="Id">The <c>webhook-id</c> of each of its attempts.</param>
/// <param name="Log">The log's number.</param>
/// <param name="Index">Of the entry that is delivered.</param>
/// <param name="State"><c>waiting</c> for its next attempt, <c>delivered</c>, or <c>exhausted</c>: not tried any more.</param>
/// <param name="NextAttemptAt">Null unless it waits.</param>
/// <param name="Attempts">The newest last; the last 20.</param>
public sealed record DeliveryView(
    string Id, int Log, long Index, string CapId, string IncidentId,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string Severity,
    [property: AllowedValues("waiting", "delivered", "exhausted")] string State,
    DateTimeOffset ChangedAt, DateTimeOffset? NextAttemptAt, IReadOnlyList<DeliveryAttemptView> Attempts);

/// <param name="Next">For <c>cursor</c>; null behind the last page.</param>
public sealed record DeliveryListAnswer(IReadOnlyList<DeliveryView> Items, string? Next);

/// <summary>A key set (RFC 7517) of Ed25519 keys (RFC 8037).</summary>
public sealed record JsonWebKeySet(IReadOnlyList<JsonWebKey> Keys);

public sealed record JsonWebKey(string Kty, string Crv, string X, string Kid, string Use, string Alg);

/// <param name="Error"><c>refused-address</c>, <c>no-answer</c>, <c>timeout</c> or <c>status</c>.</param>
/// <param name="Code">HTTP status; null when no answer came.</param>
public sealed record WebhookErrorView(DateTimeOffset At,
    [property: AllowedValues("refused-address", "no-answer", "timeout", "status")] string Error, int? Code);

/// <param name="State"><c>enabled</c> or <c>disabled</c>.</param>
/// <param name="DisabledReason"><c>gone</c>: it answered 410; <c>failing</c>: every delivery failed for five days.</param>
/// <param name="Secret">Only in the answer that made it.</param>
public sealed record WebhookView(
    string Id, string Url, DateTimeOffset CreatedAt, string CreatedBy, string? CreatedByName,
    [property: AllowedValues("enabled", "disabled")] string State,
    DateTimeOffset? DisabledAt, string? DisabledReason, WebhookErrorView? LastError, DateTimeOffset? LastSuccessAt,
    DateTimeOffset? FailingSince,
    [property: AllowedValues("cloudevents", "legacy")] string Format, string? Caps,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string? MinSeverity, bool Ordered,
    IReadOnlyList<string>? Kinds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret = null);

/// <param name="Code">HTTP status; null when no answer came.</param>
/// <param name="Error">Null when it was delivered.</param>
public sealed record WebhookTestView(bool Delivered, int? Code, string? Error);
