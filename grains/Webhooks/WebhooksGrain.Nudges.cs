using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Webhooks;

/// <summary>Wakes the notifiers of webhooks.</summary>
internal sealed partial class WebhooksGrain
{
    public Task NudgeAsync(int log) => NudgeAsync(log, _ => true);

    public Task NudgeAsync(int log, IReadOnlyList<string> capIds) => NudgeAsync(
        log, endpoint => endpoint.Sends.Caps is not { } pattern || capIds.Any(capId => CapIdPattern.Matches(pattern, capId)));

    private Task NudgeAsync(int log, Func<WebhookEndpoint, bool> isConcerned)
    {
        foreach (var endpoint in stored.State.Endpoints.Where(endpoint => endpoint.DisabledAt is null && isConcerned(endpoint)))
        {
            _ = GrainFactory.Notifier(endpoint.Id, log).NudgeAsync();
        }

        if (!isLoggingChanges && Waiting.Any())
        {
            isLoggingChanges = true;
            _ = this.AsReference<IWebhooksGrain>().SettleAsync();
        }

        return Task.CompletedTask;
    }
}
