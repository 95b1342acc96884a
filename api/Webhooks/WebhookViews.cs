using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Api.Webhooks;

/// <summary>Converts webhooks to the form shown to operators.</summary>
internal static class WebhookViews
{
    public static WebhookView Of(WebhookEndpoint endpoint, string? secret = null) => new(
        endpoint.Id, endpoint.Url, endpoint.CreatedAt, endpoint.CreatedBy.Id, endpoint.CreatedBy.Name,
        endpoint.DisabledAt is null ? "enabled" : "disabled", endpoint.DisabledAt, endpoint.DisabledReason,
        endpoint.LastError is { } error ? new WebhookErrorView(error.At, error.Fault.Text(), error.Code) : null,
        endpoint.LastSuccessAt, endpoint.FailingSince, WebhookOptionsParser.FormatOf(endpoint.Sends),
        endpoint.Sends.Caps, endpoint.Sends.MinSeverity, endpoint.Sends.IsOrdered,
        WebhookOptionsParser.NamesOf(endpoint.Sends.Kinds), secret);
}
