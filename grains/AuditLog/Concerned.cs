using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.AuditLog;

/// <summary>
/// Whom a commit concerns. The others are not woken by it and read it later, since a hundred webhooks that wake at every
/// commit delay those that it is for.
/// </summary>
/// <param name="Webhooks">Whether it notifies any.</param>
/// <param name="CapIds">The CapIDs that webhooks are notified of; null for any webhook.</param>
/// <param name="Ladders">Whether an escalation starts or ends.</param>
internal readonly record struct Concerned(bool Webhooks, IReadOnlyList<string>? CapIds, bool Ladders)
{
    /// <param name="appends">Of one commit; some may have been refused.</param>
    public static Concerned By(IReadOnlyList<Append> appends)
    {
        var notifying = appends.Where(append => append.Entries.Any(entry => Notification.IsMadeBy(entry.Kind))).ToList();
        var capIds = notifying.Select(append => append.Incident?.CapId ?? append.Update?.CapId).Distinct().ToList();
        return new Concerned(
            notifying.Count > 0, capIds.Contains(null) ? null : [.. capIds.OfType<string>()],
            notifying.Exists(append => append.Entries.Any(entry =>
                entry.Kind is EntryKinds.IncidentAccepted or EntryKinds.IncidentReopened or EntryKinds.IncidentResolved)));
    }
}
