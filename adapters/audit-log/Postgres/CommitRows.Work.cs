using CapOrleans.Core.AuditLog;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>Rows of work that is not done: deliveries, escalations and heartbeats.</summary>
internal static partial class CommitRows
{
    private static void AddHeartbeats(NpgsqlBatch batch, int log, CommitPlan plan)
    {
        foreach (var ((capId, name), row) in plan.Heartbeats)
        {
            if (row is null)
            {
                batch.Add(HeartbeatRows.Drop, capId, name);
            }
            else
            {
                batch.Add(HeartbeatRows.Put, HeartbeatRows.Values(log, row));
            }
        }
    }

    private static void AddEscalations(NpgsqlBatch batch, int log, CommitPlan plan)
    {
        foreach (var (index, row) in plan.Escalations)
        {
            if (row is null)
            {
                batch.Add(EscalationRows.Drop, log, index);
            }
            else
            {
                batch.Add(EscalationRows.Put, EscalationRows.Values(log, row));
            }
        }

        foreach (var (at, step) in plan.EscalationSteps)
        {
            batch.Add(EscalationRows.AddStep, step.CapId, step.IncidentId, PackedPosition.Of(log, at));
        }

        // Two logs may change the same rows: in one order, they wait for each other and do not deadlock.
        foreach (var ((from, index), row) in plan.Unanswered.OrderBy(one => one.Key))
        {
            if (row is null)
            {
                batch.Add(EscalationRows.DropUnanswered, from, index);
            }
            else
            {
                batch.Add(EscalationRows.PutUnanswered, EscalationRows.Values(row));
            }
        }
    }

    private static void AddDeliveries(NpgsqlBatch batch, int log, CommitPlan plan)
    {
        foreach (var webhook in plan.DroppedWebhooks)
        {
            batch.Add(DeliveryRows.Drop, webhook, log);
        }

        foreach (var row in plan.Deliveries.Values)
        {
            batch.Add(DeliveryRows.Put, DeliveryRows.Values(row));
        }

        foreach (var (webhook, state, before) in DeliveryRows.TrimBounds(plan.Deliveries.Values))
        {
            batch.Add(DeliveryRows.Trim, webhook, log, state, before);
        }
    }
}
