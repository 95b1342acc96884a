using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Redeliveries requested by an operator.</summary>
internal sealed partial class NotifierGrain
{
    public async Task<int?> RedeliverAsync(long from, long behind, Actor actor)
    {
        await RefreshEndpointAsync();
        if (endpoint is null)
        {
            DeactivateOnIdle();
            return null;
        }

        // Later entries are delivered anyway.
        var seen = Math.Max(FirstIndex, Math.Max(Position, await Log.PositionAsync(LogNumber, Consumer, Stopping)));
        var count = (int)Math.Clamp(Math.Min(behind, seen) - from, 0, ClusterLimits.RedeliveredEntries);
        List<DeliveryRow> rows = [];
        for (var at = from; at < from + count;)
        {
            var page = await Log.ReadAsync(LogNumber, at, (int)(from + count - at), Stopping);
            foreach (var entry in page.Entries)
            {
                if (Notification.Of(entry) is { } notification && endpoint.Wants(notification) && !inProgress.Contains(entry.Index))
                {
                    var known = await deliveries.FindAsync(LogNumber, WebhookId, entry.Index, Stopping);
                    rows.Add(NewRow(notification, entry.Index) with { Attempts = known?.Attempts ?? [] });
                }
            }

            at = page.Entries is [.., var last] ? last.Index + 1 : from + count;
        }

        if (rows.Count > 0)
        {
            var entry = Entry.Write(EntryKinds.DeliveryRequested, await OriginAsync(), Time.GetUtcNow(), new CanonicalObject()
                .AddActor(actor).Add("deliveries", rows.Count).Add("from", from).Add("to", from + count).Add("webhook", WebhookId));
            await AppendAsync([entry], rows);
            _ = this.AsReference<INotifierGrain>().NudgeAsync();
        }

        return rows.Count;
    }
}
