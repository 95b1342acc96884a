using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace CapOrleans.Contracts.Webhooks;

/// <param name="Url">Absolute, http or https, at most 2,048 characters; <c>mailto:</c> and one address; or <c>command:</c>
/// and the name of a program in Webhooks__Commands.</param>
/// <param name="Format"><c>cloudevents</c>, the default: a CloudEvent 1.0 in structured JSON; <c>legacy</c>: the record of
/// the legacy clients; <c>text</c>, the default for mailto: text for people; <c>slack</c> and <c>matrix</c>: text in the
/// JSON of Slack's incoming webhooks, and of a Matrix message.</param>
/// <param name="Caps">Pattern of the CapIDs whose incidents are sent; <c>*</c> stands for any
/// characters; default all.</param>
/// <param name="MinSeverity">Lowest severity that is sent; default the paging floor of each CapID.</param>
/// <param name="Ordered">Whether deliveries are sent one at a time in log order instead of several at once. A failed
/// one is skipped and retried later.</param>
/// <param name="Kinds">Any of <c>accepted</c> (incidents), <c>updated</c> (updates of incidents) and <c>paged</c>;
/// default all. Pages always go to the webhooks that a ladder names.</param>
public sealed record WebhookRequest(
    [property: Required] string? Url,
    [property: AllowedValues("cloudevents", "legacy", "text", "slack", "matrix")] string? Format = null,
    string? Caps = null,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string? MinSeverity = null,
    bool Ordered = false,
    IReadOnlyList<string>? Kinds = null);

/// <summary>
/// Changes of a webhook: omitted members stay as they are, and an empty string or list removes a filter.
/// </summary>
/// <inheritdoc cref="WebhookRequest"/>
public sealed record WebhookChangeRequest(
    [property: AllowedValues("cloudevents", "legacy", "text", "slack", "matrix")] string? Format = null,
    string? Caps = null,
    [property: AllowedValues("", "normal", "high", "escalated", "critical")] string? MinSeverity = null,
    bool? Ordered = null,
    IReadOnlyList<string>? Kinds = null);

/// <summary>What to redeliver: one incident by its ids, or a range of a log's entries.</summary>
/// <param name="Log">The log's number.</param>
/// <param name="From">Index of the first entry.</param>
/// <param name="To">Index after the last entry, at most 1,000 after the first.</param>
public sealed record RedeliveryRequest(string? CapId = null, string? IncidentId = null, int? Log = null, long? From = null,
    long? To = null);

/// <param name="Deliveries">Number of deliveries that now wait for an attempt.</param>
public sealed record RedeliveryView(int Deliveries);

/// <param name="Error">Null when it was delivered.</param>
/// <param name="Code">HTTP status; null when there was no response.</param>
/// <param name="Answer">Start of the response body, at most 256 bytes; null for none.</param>
public sealed record DeliveryAttemptView(DateTimeOffset At, int Milliseconds,
    [property: AllowedValues("refused-address", "no-answer", "timeout", "status", "not-wanted", "answered")] string? Error, int? Code,
        string? Answer);

/// <param name="Id">The <c>webhook-id</c> of every attempt.</param>
/// <param name="Log">The log's number.</param>
/// <param name="Index">Index of the delivered entry.</param>
/// <param name="State"><c>waiting</c> for its next attempt, <c>delivered</c>, or
/// <c>exhausted</c>: no longer retried.</param>
/// <param name="NextAttemptAt">Null unless the delivery is waiting.</param>
/// <param name="Attempts">In order, at most 20: the first attempt and the latest ones.</param>
public sealed record DeliveryView(
    string Id, int Log, long Index, string CapId, string IncidentId,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string Severity,
    [property: AllowedValues("waiting", "delivered", "exhausted")] string State,
    DateTimeOffset ChangedAt, DateTimeOffset? NextAttemptAt, IReadOnlyList<DeliveryAttemptView> Attempts);

/// <param name="Next">Pass it as <c>cursor</c> to get the next page; null on the last page.</param>
public sealed record DeliveryListAnswer(IReadOnlyList<DeliveryView> Items, string? Next);

/// <summary>A key set (RFC 7517) of Ed25519 keys (RFC 8037).</summary>
public sealed record JsonWebKeySet(IReadOnlyList<JsonWebKey> Keys);

public sealed record JsonWebKey(string Kty, string Crv, string X, string Kid, string Use, string Alg);

/// <param name="Error"><c>refused-address</c>, <c>no-answer</c>, <c>timeout</c> or <c>status</c>.</param>
/// <param name="Code">HTTP status; null when there was no response.</param>
public sealed record WebhookErrorView(DateTimeOffset At,
    [property: AllowedValues("refused-address", "no-answer", "timeout", "status")] string Error, int? Code);

/// <param name="State"><c>enabled</c> or <c>disabled</c>.</param>
/// <param name="DisabledReason"><c>gone</c>: it answered 410; <c>failing</c>: every
/// delivery failed for five days.</param>
/// <param name="Secret">Only in the response that created it.</param>
public sealed record WebhookView(
    string Id, string Url, DateTimeOffset CreatedAt, string CreatedBy, string? CreatedByName,
    [property: AllowedValues("enabled", "disabled")] string State,
    DateTimeOffset? DisabledAt, string? DisabledReason, WebhookErrorView? LastError, DateTimeOffset? LastSuccessAt,
    DateTimeOffset? FailingSince,
    [property: AllowedValues("cloudevents", "legacy", "text", "slack", "matrix")] string Format, string? Caps,
    [property: AllowedValues("normal", "high", "escalated", "critical")] string? MinSeverity, bool Ordered,
    IReadOnlyList<string>? Kinds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret = null);

/// <param name="Code">HTTP status; null when there was no response.</param>
/// <param name="Error">Null when it was delivered.</param>
public sealed record WebhookTestView(bool Delivered, int? Code, string? Error);
