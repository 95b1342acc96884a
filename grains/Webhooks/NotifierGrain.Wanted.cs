using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Selects the entries that the webhook wants.</summary>
internal sealed partial class NotifierGrain
{
    /// <returns>The index after the last entry examined, and the entries that the webhook wants.</returns>
    private async Task<(long To, List<(DeliveryRow Row, LogEntry Entry)> Wanted)> WantedAsync(
        long from, IReadOnlyList<LogEntry> entries)
    {
        var wanted = new List<(DeliveryRow, LogEntry)>();
        var limit = endpoint!.Sends.IsOrdered ? 1 : MaxRows;
        foreach (var entry in entries)
        {
            if (!endpoint!.MayWant(entry) || Notification.Of(entry) is not { } notification || !endpoint.Wants(notification))
            {
                continue;
            }

            if (wanted.Count == 0)
            {
                await RefreshEndpointAsync(); // it may have been removed, disabled, changed, or given a new secret
                if (!CanProceed || entry.Index < FirstIndex)
                {
                    return (CanProceed ? FirstIndex : from, []);
                }

                if (!endpoint.Wants(notification))
                {
                    continue;
                }
            }
            else if (wanted.Count == limit)
            {
                return (entry.Index, wanted);
            }

            wanted.Add((NewRow(notification, entry.Index), entry));
        }

        return (from + entries.Count, wanted);
    }

    private DeliveryRow NewRow(Notification incident, long index) => new(
        WebhookId, LogNumber, index, incident.CapId, incident.IncidentId, Severity.Rank(incident.Severity), DeliveryState.Waiting,
        Time.GetUtcNow(), Time.GetUtcNow(), [], 0);
}
