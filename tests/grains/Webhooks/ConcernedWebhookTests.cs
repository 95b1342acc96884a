using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Tests.Grains.Webhooks;

/// <summary>A webhook of few CapIDs is not woken for the others.</summary>
public sealed class ConcernedWebhookTests : WebhookCluster
{
    private const string Misleading = """{"capId":"EVIL","incidentId":"I-0"}""";

    [Fact]
    public async Task An_incident_wakes_the_webhooks_of_its_CapID_alone()
    {
        var own = (await Webhooks.RegisterAsync($"{Url}/own", new WebhookOptions(IsLegacy: false, Caps: "Z-*"), Me)).Endpoint!.Id;
        for (var number = 0; number < 5; number++)
        {
            await Webhooks.RegisterAsync($"{Url}/{number}", new WebhookOptions(IsLegacy: false, Caps: $"NONE-{number}"), Me);
        }

        await Eventually.TrueAsync(async () => (await EntriesAsync("webhook.registered")).Count == 6);
        foreach (var webhook in await Webhooks.ListAsync())
        {
            await CaughtUpAsync(Cluster.Client.Notifier(webhook.Id, LogOfIncidents));
        }

        Nudged.Clear();
        await FileAsync("I-1");
        Assert.EndsWith("/own", $"{(await Sender.NextAsync()).Url}", StringComparison.Ordinal);
        await EntryAsync(EntryKinds.DeliverySucceeded, nudge: false);
        Assert.NotEmpty(Nudged);
        Assert.All(Nudged, key => Assert.StartsWith(own, key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_CapID_of_an_entry_is_found_whatever_a_host_writes()
    {
        await FileAsync("I-1", OtherCap, incident =>
        {
            incident["description"] = Misleading;
            incident["agent"] = Misleading;
            incident["dedup_key"] = "capId";
        });
        Assert.Null((await Cluster.Client.Incident(OtherCap, "I-1")
            .UpdateAsync(new UpdateRequest(UpdateAction.Acknowledge, Misleading, null, null), Me)).Refusal);
        var entries = await EntriesAsync("incident.");
        Assert.Equal(2, entries.Count);
        Assert.All(entries, entry => Assert.Equal(Notification.Of(entry)!.CapId, Entry.CapIdOf(entry.Bytes)));
    }
}
