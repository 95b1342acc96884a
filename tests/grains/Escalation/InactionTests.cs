using System.Text.Json;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Tests.Grains.Escalation;

/// <summary>That nobody answers is reported.</summary>
public sealed class InactionTests : EscalationCluster
{
    [Fact]
    public async Task Several_incidents_that_nobody_answers_make_one_report()
    {
        var boss = await RuleAsync(incidents: 2);
        foreach (var incident in (string[])["I-1", "I-2", "I-3"])
        {
            await FileAsync(incident, incident == "I-2" ? "critical" : "high");
            await PassAsync();
            await PassAsync();
            await CountAsync(incident switch { "I-1" => ["I-1"], "I-2" => [], _ => ["I-3"] });
        }

        var report = await ReportAsync();
        Assert.Equal(boss, (await Webhooks.ListAsync()).Single(one => one.Url == $"{report.Url}").Id);
        var body = JsonElement.Parse(report.Body);
        Assert.Equal(("caporleans.audit.inaction", "Z-001/I-2", "critical"), (body.Text("type"), body.Text("subject"),
            body.Text("severitytext")));
        var data = body.GetProperty("data");
        Assert.Equal(("web", 2, 3600), (data.Text("ladder"), data.GetProperty("count").GetInt32(),
            data.GetProperty("withinSeconds").GetInt32()));
        Assert.Equal(["I-1 1", "I-2 1"], data.GetProperty("incidents").EnumerateArray().Select(one =>
            $"{one.Text("incidentId")} {one.GetProperty("log").GetInt32()}"));
        Assert.Equal(3, (await EntriesAsync(EntryKinds.IncidentUnanswered)).Count);
        Assert.Single(await EntriesAsync(EntryKinds.AuditInaction));
    }

    [Fact]
    public async Task What_is_answered_late_or_was_long_ago_does_not_count()
    {
        await RuleAsync(incidents: 2, withinSeconds: 300);
        await FileAsync("I-late", "high");
        await PassAsync();
        await PassAsync();
        await UpdateAsync("I-late", UpdateAction.Acknowledge);
        await FileAsync("I-old", "high");
        await PassAsync();
        await PassAsync();
        await CountAsync("I-old");
        for (var minute = 0; minute < 5; minute++)
        {
            await PassAsync();
        }

        await CountAsync();
        Assert.Empty(await EntriesAsync(EntryKinds.AuditInaction));
    }

    [Fact]
    public async Task A_ladder_that_reports_no_inaction_any_more_forgets_what_it_has_counted()
    {
        await RuleAsync(incidents: 2);
        await FileAsync("I-1", "high");
        await PassAsync();
        await PassAsync();
        await CountAsync("I-1");
        Assert.Equal(PutVerdict.Changed, (await Ladders.PutAsync(await LadderAsync() with { Inaction = null }, Me)).Verdict);
        await CountAsync();
    }

    /// <returns>The id of the webhook that is notified of inaction.</returns>
    private async Task<string> RuleAsync(int incidents, int withinSeconds = 3600)
    {
        await LadderAsync(null, 1, 1);
        var boss = (await Webhooks.RegisterAsync($"{Url}/boss", new WebhookOptions(IsLegacy: false, Kinds: WebhookKinds.Paged),
            Me)).Endpoint!.Id;
        var ladder = await LadderAsync() with { Inaction = new InactionRule(incidents, withinSeconds, [boss]) };
        Assert.Equal(PutVerdict.Changed, (await Ladders.PutAsync(ladder, Me)).Verdict);
        return boss;
    }

    /// <summary>Lets the escalator of log 0 count, which is not the log of the incidents.</summary>
    /// <param name="left">The incidents that still count afterwards.</param>
    private async Task CountAsync(params string[] left)
    {
        Assert.NotEqual(0, LogOfIncidents);
        await Eventually.TrueAsync(async () =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Cluster.Client.GetGrain<IEscalatorGrain>(0).NudgeAsync();
            return (await Reader().UnansweredAsync("web", 10, default)).Select(row => row.IncidentId).SequenceEqual(left);
        });
    }

    private async Task<Delivery> ReportAsync()
    {
        while (true)
        {
            var delivery = await Sender.NextAsync();
            if (JsonElement.Parse(delivery.Body).Text("type") == "caporleans.audit.inaction")
            {
                return delivery;
            }
        }
    }
}
