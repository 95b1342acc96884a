using System.Text.Json;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;
using CapOrleans.Tests.Grains.Webhooks;

namespace CapOrleans.Tests.Grains.Escalation;

/// <summary>A cluster with ladders whose pages a test receives.</summary>
public abstract class EscalationCluster : WebhookCluster
{
    private static readonly WebhookOptions PagesAlone = new(IsLegacy: false, Kinds: WebhookKinds.Paged);

    protected ILaddersGrain Ladders => Cluster.Client.GetGrain<ILaddersGrain>(0);

    /// <returns>Ids of the webhooks of its two levels.</returns>
    protected async Task<(string First, string Second)> LadderAsync(int? acknowledgedFor, params int[] acknowledgements)
    {
        var webhooks = new List<string>();
        foreach (var number in (int[])[1, 2])
        {
            webhooks.Add((await Webhooks.RegisterAsync($"{Url}/{number}", PagesAlone, Me)).Endpoint!.Id);
        }

        var ruling = await Ladders.PutAsync(new Ladder(
            "web", "Z-*", null, [.. webhooks.Zip(acknowledgements, (webhook, needed) => new LadderLevel([webhook], 60, needed))], 0,
            acknowledgedFor, [], default, Me), Me);
        Assert.Equal(PutVerdict.Changed, ruling.Verdict);
        return (webhooks[0], webhooks[1]);
    }

    protected async Task<Ladder> LadderAsync() => (await Ladders.PolicyAsync()).Ladders[0];

    protected async Task UpdateAsync(string incident, UpdateAction action) => Assert.Null(
        (await Cluster.Client.Incident("Z-001", incident).UpdateAsync(new UpdateRequest(action, null, null, null), Me)).Refusal);

    protected async Task<(string Webhook, string Incident, long Level, string State)> PagedAsync()
    {
        var delivery = await Sender.NextAsync();
        var page = JsonElement.Parse(delivery.Body).GetProperty("data");
        Assert.True(page.TryGetProperty("incidentId", out _), $"{delivery.Id} is no page: {page}");
        Assert.Equal(page.Text("incidentId"), page.GetProperty("incident").Text("incidentId"));
        var webhook = (await Webhooks.ListAsync()).Single(one => one.Url == $"{delivery.Url}");
        return (webhook.Id, page.Text("incidentId"), page.GetProperty("level").GetInt64(), page.Text("state"));
    }

    /// <summary>Lets a minute pass once nothing is in progress, and then until all that is due has been done.</summary>
    protected async Task PassAsync()
    {
        var escalator = Cluster.Client.GetGrain<IEscalatorGrain>(LogOfIncidents);
        if ((await Ladders.PolicyAsync()).Ladders.Count > 0)
        {
            await CaughtUpAsync(escalator);
        }

        foreach (var webhook in await Webhooks.ListAsync())
        {
            await CaughtUpAsync(Cluster.Client.Notifier(webhook.Id, LogOfIncidents));
        }

        for (var second = 0; second < 61; second++)
        {
            Time.Advance(TimeSpan.FromSeconds(1)); // in small steps, because the timeouts of Orleans' calls run on the same clock
            await NudgeAsync();
        }

        // A timer that was set while the clock was moved may be late; the clock stands still until everything due is done.
        var reader = Reader();
        await Eventually.TrueAsync(async () =>
        {
            await escalator.NudgeAsync();
            return (await reader.DueAsync(LogOfIncidents, Time.GetUtcNow(), 1, default)).Count == 0;
        });
    }

    protected Task<long> OpenAsync() => Reader().CountOpenAsync(LogOfIncidents, 100, default);

    protected SqliteLogReader Reader() => new(SqliteDatabase.Open(Folder.File("log.db"), 2));
}
