using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Heartbeats;

namespace CapOrleans.AuditLog;

/// <summary>Collects rows of work that is not done: deliveries, escalations and heartbeats.</summary>
internal sealed partial class CommitPlan
{
    /// <summary>The latest row of each delivery.</summary>
    public Dictionary<(string Webhook, long Index), DeliveryRow> Deliveries { get; } = [];

    /// <summary>The latest row of each incident; null to delete it.</summary>
    public Dictionary<long, EscalationRow?> Escalations { get; } = [];

    public List<(long Index, EscalationStepRow Row)> EscalationSteps { get; } = [];

    /// <summary>The latest row of each unanswered incident, by log and index; null to delete it.</summary>
    public Dictionary<(int Log, long Index), UnansweredRow?> Unanswered { get; } = [];

    /// <summary>The latest row of each heartbeat; null to delete it.</summary>
    public Dictionary<(string CapId, string Name), HeartbeatRow?> Heartbeats { get; } = [];

    /// <summary>Webhooks whose deliveries are deleted, before <see cref="Deliveries"/> are written.</summary>
    public List<string> DroppedWebhooks { get; } = [];

    private void CollectWork(Append append, long first)
    {
        if (append.DroppedWebhook is { } dropped)
        {
            DroppedWebhooks.Add(dropped);
            foreach (var delivery in Deliveries.Keys.Where(delivery => delivery.Webhook == dropped).ToList())
            {
                Deliveries.Remove(delivery);
            }
        }

        foreach (var delivery in append.Deliveries)
        {
            Deliveries[(delivery.Webhook, delivery.Index)] = delivery;
        }

        if (append.Heartbeat is { } heartbeat)
        {
            Heartbeats[(heartbeat.CapId, heartbeat.Name)] = heartbeat.Row;
        }

        if (append.Escalations is { } escalations)
        {
            Collect(escalations, first);
        }
    }

    private void Collect(EscalationCommit change, long first)
    {
        Offsets[EscalationCommit.Offset] = change.Number + 1;
        foreach (var ended in change.Ended)
        {
            Escalations[ended] = null;
        }

        foreach (var row in change.Rows)
        {
            Escalations[row.Index] = row;
        }

        foreach (var row in change.Counted)
        {
            Unanswered[(row.Log, row.Index)] = null;
        }

        foreach (var row in change.Unanswered)
        {
            Unanswered[(row.Log, row.Index)] = row;
        }

        EscalationSteps.AddRange(change.Steps.Select((step, at) => (first + at, step)));
    }
}
