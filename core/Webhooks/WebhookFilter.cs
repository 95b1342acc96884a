using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Webhooks;

/// <summary>Decides what a webhook is notified of.</summary>
public static class WebhookFilter
{
    /// <summary>
    /// Whether the endpoint receives the notification. A page goes to the webhooks that its ladder names, whatever
    /// their options. The legacy format has no updates.
    /// </summary>
    public static bool Wants(this WebhookEndpoint endpoint, Notification notification) => notification.Webhooks is { } webhooks
        ? webhooks.Contains(endpoint.Id)
        : Wants(endpoint.Sends, notification);

    /// <summary>
    /// Whether the endpoint may want the entry, by the entry's CapID: most entries are not worth reading for an endpoint of
    /// few CapIDs.
    /// </summary>
    public static bool MayWant(this WebhookEndpoint endpoint, LogEntry entry) => Notification.IsMadeBy(entry.Kind)
        && (endpoint.Sends.Caps is not { } pattern || (entry.Kind != EntryKinds.IncidentAccepted && !EntryKinds.IsUpdate(entry.Kind))
            || CapIdPattern.Matches(pattern, Entry.CapIdOf(entry.Bytes)));

    private static bool Wants(WebhookOptions options, Notification notification) =>
        Severity.Rank(notification.Severity) >= Severity.Rank(options.MinSeverity ?? notification.PagingFloor)
        && (options.Caps is not { } pattern || CapIdPattern.Matches(pattern, notification.CapId))
        && (notification.Incident is not null || !options.IsLegacy)
        && (options.Kinds == WebhookKinds.All
            || options.Kinds.HasFlag(notification.Incident is null ? WebhookKinds.Updated : WebhookKinds.Accepted));
}
