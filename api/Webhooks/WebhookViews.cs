using System.Text.Json.Serialization;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Api.Webhooks;

/// <param name="Url">Absolute, http or https, at most 2,048 characters.</param>
internal sealed record WebhookRequest(string? Url);

/// <param name="Error"><c>refused-address</c>, <c>no-answer</c>, <c>timeout</c> or <c>status</c>.</param>
/// <param name="Code">HTTP status; null when no answer came.</param>
internal sealed record WebhookErrorView(DateTimeOffset At, string Error, int? Code);

/// <param name="State"><c>enabled</c> or <c>disabled</c>.</param>
/// <param name="DisabledReason"><c>gone</c>: it answered 410; <c>failing</c>: every delivery failed for five days.</param>
/// <param name="Secret">Only in the answer that made it.</param>
internal sealed record WebhookView(
    string Id, string Url, DateTimeOffset CreatedAt, string CreatedBy, string? CreatedByName, string State, DateTimeOffset? DisabledAt,
        string? DisabledReason,
    WebhookErrorView? LastError, DateTimeOffset? LastSuccessAt, DateTimeOffset? FailingSince,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret = null)
{
    public static WebhookView Of(WebhookEndpoint endpoint, string? secret = null) => new(
        endpoint.Id, endpoint.Url, endpoint.CreatedAt, endpoint.CreatedBy.Id, endpoint.CreatedBy.Name, endpoint.DisabledAt is null
            ? "enabled" : "disabled",
        endpoint.DisabledAt, endpoint.DisabledReason,
        endpoint.LastError is { } error ? new WebhookErrorView(error.At, error.Fault.Text(), error.Code) : null,
        endpoint.LastSuccessAt, endpoint.FailingSince, secret);
}

/// <param name="Code">HTTP status; null when no answer came.</param>
/// <param name="Error">Null when it was delivered.</param>
internal sealed record WebhookTestView(bool Delivered, int? Code, string? Error);
