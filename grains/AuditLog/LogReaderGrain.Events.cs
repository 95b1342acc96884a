using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.AuditLog;

/// <summary>Reads incident events, for clients that follow the log.</summary>
internal sealed partial class LogReaderGrain
{
    private async Task<IncidentEventSlice?> ReadEventsAsync(
        int log, long after, int limit, IncidentEventFilter filter, CancellationToken cancellationToken)
    {
        if (await SliceAsync(log, after, limit, cancellationToken) is not { Entries: var entries })
        {
            return null;
        }

        var (events, accepted) = (new List<LogEntry>(), new List<LogEntry>());
        foreach (var entry in entries)
        {
            if (Notification.Of(entry) is { } notification && IsWanted(notification, filter))
            {
                events.Add(entry);
                accepted.Add(notification.Incident is not null ? entry
                    : await reader.FindIncidentAsync(notification.CapId, notification.IncidentId, cancellationToken)
                    ?? throw new OrleansException($"Entry {entry.Index} of log {log} refers to an incident that is missing from the " +
                        "database."));
            }
        }

        var incidents = await views.OfAsync(accepted, cancellationToken);
        return new IncidentEventSlice(
            [.. events.Zip(incidents, (entry, incident) => new IncidentEventView(entry.Index, entry.Kind, entry.Kind == EntryKinds.IncidentAccepted
                ? incident : incident with { Updates = [IncidentUpdates.ReadView(entry).View] }))],
            entries is [.., var last] ? last.Index : after);
    }

    private static bool IsWanted(Notification notification, IncidentEventFilter filter) =>
        notification.Webhooks is null && (filter.Caps is not { } pattern || CapIdPattern.Matches(pattern, notification.CapId))
        && (filter.Severities is not { } severities
            || severities.Any(severity => Severity.Rank(severity) == Severity.Rank(notification.Severity)));
}
