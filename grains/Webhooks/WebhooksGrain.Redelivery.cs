using CapOrleans.Contracts.Access;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Redeliveries of an incident, requested by an operator.</summary>
internal sealed partial class WebhooksGrain
{
    public async Task<int?> RedeliverAsync(string id, string capId, string incidentId, Actor actor)
    {
        if (Find(id) is null || await log.FindIncidentAsync(capId, incidentId, CancellationToken.None) is not { } accepted)
        {
            return null;
        }

        var (notifier, count) = (GrainFactory.Notifier(id, logs.Of(capId)), 0);
        foreach (var entry in (await log.UpdatesAsync([(capId, incidentId)], CancellationToken.None)).Prepend(accepted))
        {
            count += await notifier.RedeliverAsync(entry.Index, entry.Index + 1, actor) ?? 0;
        }

        return count;
    }
}
