using CapOrleans.Core.AuditLog;
using Microsoft.Data.Sqlite;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>Writes rows of work that is not done: deliveries, escalations and heartbeats.</summary>
public sealed partial class SqliteLogWriter
{
    private void WriteDeliveries(int log, SqliteTransaction transaction, CommitPlan plan)
    {
        foreach (var webhook in plan.DroppedWebhooks)
        {
            statements.DropDeliveries.Run(transaction, webhook, log);
        }

        foreach (var row in plan.Deliveries.Values)
        {
            statements.PutDelivery.Run(transaction, DeliveryRows.Values(row));
        }

        foreach (var (webhook, state, before) in DeliveryRows.TrimBounds(plan.Deliveries.Values))
        {
            statements.TrimDeliveries.Run(transaction, webhook, log, state, before);
        }
    }

    private void WriteEscalations(int log, SqliteTransaction transaction, CommitPlan plan)
    {
        foreach (var (index, row) in plan.Escalations)
        {
            _ = row is null ? statements.DropEscalation.Run(transaction, log, index)
                : statements.PutEscalation.Run(transaction, EscalationRows.Values(log, row));
        }

        foreach (var (at, step) in plan.EscalationSteps)
        {
            statements.AddEscalationStep.Run(transaction, step.CapId, step.IncidentId, PackedPosition.Of(log, at));
        }

        foreach (var ((from, index), row) in plan.Unanswered)
        {
            _ = row is null ? statements.DropUnanswered.Run(transaction, from, index)
                : statements.PutUnanswered.Run(transaction, EscalationRows.Values(row));
        }
    }

    private void WriteHeartbeats(int log, SqliteTransaction transaction, CommitPlan plan)
    {
        foreach (var ((capId, name), row) in plan.Heartbeats)
        {
            _ = row is null ? statements.DropHeartbeat.Run(transaction, capId, name)
                : statements.PutHeartbeat.Run(transaction, HeartbeatRows.Values(log, row));
        }
    }
}
