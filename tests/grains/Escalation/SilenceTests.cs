using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Tests.Grains.Escalation;

/// <summary>Silences hold pages back.</summary>
public sealed class SilenceTests : EscalationCluster
{
    [Fact]
    public async Task A_silence_ends_with_one_summary_and_what_stays_unanswered_is_paged()
    {
        var (first, _) = await LadderAsync(null, 1, 1);
        await SilenceAsync("deploy", 5);
        await FileAsync("I-1", "high");
        await FileAsync("I-2", "critical");
        await FileAsync("I-3", "critical");
        await FileAsync("I-4", "critical", OtherCap);
        for (var minute = 0; minute < 4; minute++)
        {
            await PassAsync();
        }

        Assert.Equal((0, 3L), (Sender.Count, await OpenAsync()));
        await UpdateAsync("I-3", UpdateAction.Resolve);
        await PassAsync();
        var summary = await SummaryAsync();
        Assert.Equal((first, "deploy", 2), (summary.Webhook, summary.Data.Text("silence"), summary.Data.GetProperty("held").GetInt32()));
        Assert.Equal(["I-2", "I-1"], Listed(summary.Data));
        await UpdateAsync("I-2", UpdateAction.Acknowledge);
        await PassAsync();
        Assert.Equal((first, "I-1", 1L, "open"), await PagedAsync());
        Assert.Single(await EntriesAsync(EntryKinds.IncidentPaged));
        Assert.Single(await EntriesAsync(EntryKinds.SilenceEnded));

        // Who follows the incidents is sent them and their updates; pages and summaries are not theirs.
        var events = await Cluster.Client.GetGrain<ILogReaderGrain>(0).EventsAsync(
            LogOfIncidents, -1, 500, new IncidentEventFilter(null, null), default);
        Assert.Equal(["I-1", "I-2", "I-3", "I-4", "I-3", "I-2"], events!.Events.Select(one => one.Incident.IncidentId));
    }

    [Fact]
    public async Task A_silence_that_is_removed_early_lets_go_at_once_and_one_that_is_extended_holds_on()
    {
        await LadderAsync(null, 1, 1);
        await SilenceAsync("deploy", 60);
        Assert.Equal(PutVerdict.Unchanged, (await Ladders.SilenceAsync((await Ladders.PolicyAsync()).Silences[0], Me)).Verdict);
        await FileAsync("I-1", "critical");
        await PassAsync();
        await SilenceAsync("deploy", 2);
        await PassAsync();
        await SilenceAsync("deploy", 60);
        await PassAsync();
        Assert.Equal((0, 1L), (Sender.Count, await OpenAsync()));

        Assert.True(await Ladders.RemoveSilenceAsync("deploy", Me));
        Assert.False(await Ladders.RemoveSilenceAsync("deploy", Me));
        Assert.Equal(["I-1"], Listed((await SummaryAsync()).Data));
        await PassAsync();
        Assert.Equal("I-1", (await PagedAsync()).Incident);
        Assert.Equal(["silence.set", "silence.set", "silence.set", "silence.removed", "silence.ended"],
            (await EntriesAsync("silence.")).Select(entry => entry.Kind).OrderBy(kind => kind == "silence.ended" ? 2 : kind == "silence.removed" ? 1 : 0));
    }

    [Fact]
    public async Task A_silence_that_begins_later_holds_the_levels_that_are_due_then()
    {
        var (_, second) = await LadderAsync(null, 1, 1);
        await FileAsync("I-1", "critical");
        Assert.Equal(1, (await PagedAsync()).Level);
        await SilenceAsync("night", 3);
        await PassAsync();
        await PassAsync();
        Assert.Equal(1, Sender.Count);
        await PassAsync();
        Assert.Equal(second, (await SummaryAsync()).Webhook);
        await PassAsync();
        Assert.Equal((second, "I-1", 2L, "open"), await PagedAsync());
    }

    [Fact]
    public async Task A_summary_whose_incidents_are_all_answered_meanwhile_is_not_sent_again()
    {
        var (first, _) = await LadderAsync(null, 1, 1);
        await SilenceAsync("deploy", 1);
        await FileAsync("I-1", "critical");
        Sender.Outcomes.Enqueue(Failed);
        await PassAsync();
        await SummaryAsync();
        await RowAsync(first, "I-1", row => row.Attempts.Count == 1);
        await UpdateAsync("I-1", UpdateAction.Acknowledge);
        await PassAsync();
        var row = await RowAsync(first, "I-1", row => row.State == DeliveryState.Exhausted);
        Assert.Equal(DeliveryFault.Answered, row.Attempts[^1].Fault);
        Assert.Equal(1, Sender.Count);
    }

    private async Task SilenceAsync(string id, int minutes)
    {
        var now = Time.GetUtcNow();
        var ruling = await Ladders.SilenceAsync(new Silence(id, "Z-*", null, now, now.AddMinutes(minutes), "Deploy", default, Me), Me);
        Assert.Equal(PutVerdict.Changed, ruling.Verdict);
    }

    private async Task<(string Webhook, JsonElement Data)> SummaryAsync()
    {
        var delivery = await Sender.NextAsync();
        var body = JsonElement.Parse(delivery.Body);
        Assert.Equal("caporleans.silence.ended", body.Text("type"));
        return ((await Webhooks.ListAsync()).Single(one => one.Url == $"{delivery.Url}").Id, body.GetProperty("data"));
    }

    private static IEnumerable<string> Listed(JsonElement data) =>
        data.GetProperty("incidents").EnumerateArray().Select(incident => incident.Text("incidentId"));
}
