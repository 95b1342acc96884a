using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace CapOrleans.Contracts.Webhooks;

/// <param name="Url">Absolute, http or https, at most 2,048 characters.</param>
public sealed record WebhookRequest([property: Required] string? Url);

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
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret = null);

/// <param name="Code">HTTP status; null when no answer came.</param>
/// <param name="Error">Null when it was delivered.</param>
public sealed record WebhookTestView(bool Delivered, int? Code, string? Error);
