using System.Text;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.DeltaCap;

namespace CapOrleans.Core.AuditLog;

/// <summary>
/// Rules for what a log's writer accepts: nothing changes without an entry that records it. A caller can still lie, but
/// not silently: a row must match its entry, and scores and contexts change by entries alone.
/// </summary>
/// <remarks>
/// Members of an entry are searched for as bytes: in canonical JSON, a quotation mark within a string is escaped, so
/// nothing within a string looks like a member.
/// </remarks>
public static class AppendRules
{
    /// <returns>The rule that the append breaks; null when it breaks none.</returns>
    public static string? Fault(Append append, string origin) =>
        append.Entries.Any(entry => !IsOf(entry, origin)) ? "An entry must have the kind that its row names and the origin of this log."
        : append.Entries.Any(entry => entry.Kind == EntryKinds.IncidentAccepted) != (append.Incident is not null) ? "An accepted incident needs both an entry and a row."
        : append.Incident is { } incident && (!HasMembers(
                    append, ("capId", incident.CapId), ("deltaCap", DecimalText.Of(incident.DeltaCap)), ("incidentId", incident.IncidentId))
                || (incident.GroupId is { } group && !HasMembers(append, ("first", incident.GroupFirst!), ("id", group))))
            ? "An incident's row must match its only entry."
        : append.Correction is { } correction && !(append.Entries is [{ Kind: EntryKinds.ScoreCorrected }]
                && HasMembers(append, ("adjustment", DecimalText.Of(correction.Adjustment)), ("capId", correction.CapId), ("incidentId", correction.IncidentId)))
            ? "A correction must match its only entry."
        : append.Entries.Any(entry => EntryKinds.IsUpdate(entry.Kind)) != (append.Update is not null) || (append.Update is { } update
                && !HasMembers(append, ("capId", update.CapId), ("incidentId", update.IncidentId)))
            ? "An update must match its only entry."
        : append.Deliveries.Count(row => row.State != DeliveryState.Waiting) != append.Entries.Count(entry => IsOfDelivery(entry))
            ? "Each settled delivery needs exactly one entry."
        : append.Entries.Any(entry => EntryKinds.IsEscalation(entry.Kind)) != (append.Escalations?.Steps.Count > 0)
            || (append.Escalations is { } escalations && !AreSteps(append.Entries, escalations.Steps))
            ? "A step of an escalation must match its entry."
        : append.Context is { } context && (append.Entries.Count == 0 || append.Entries.Any(entry => !IsOfContext(entry) || !Contains(entry, "capId", context.CapId)))
            ? "A context may only change through entries about its CapID."
        : null;

    private static bool IsOfContext(EntryDraft entry) => entry.Kind is
        EntryKinds.CapRegistered or EntryKinds.KeyAdded or EntryKinds.KeyRevoked or EntryKinds.PolicyChanged or EntryKinds.ScoreCorrected;

    private static bool IsOfDelivery(EntryDraft entry) => entry.Kind is EntryKinds.DeliverySucceeded or EntryKinds.DeliveryExhausted;

    private static bool AreSteps(IReadOnlyList<EntryDraft> entries, IReadOnlyList<EscalationStepRow> steps) =>
        steps.Count == entries.Count(entry => EntryKinds.IsEscalation(entry.Kind)) && entries.Zip(steps).All(step => EntryKinds.IsEscalation(step.First.Kind)
            && Contains(step.First, "capId", step.Second.CapId) && Contains(step.First, "incidentId", step.Second.IncidentId));

    private static bool IsOf(EntryDraft entry, string origin) =>
        entry.Bytes.AsSpan().EndsWith(Encoding.UTF8.GetBytes($"\"kind\":\"{entry.Kind}\",\"origin\":\"{origin}\"}}"));

    private static bool HasMembers(Append append, params ReadOnlySpan<(string Name, string Value)> members)
    {
        if (append.Entries.Count != 1)
        {
            return false;
        }

        foreach (var (name, value) in members)
        {
            if (!Contains(append.Entries[0], name, value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Contains(EntryDraft entry, string name, string value) =>
        entry.Bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"\"{name}\":\"{value}\"")) >= 0;
}
