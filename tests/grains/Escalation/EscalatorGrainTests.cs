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

/// <summary>People are paged until one of them answers.</summary>
public sealed class EscalatorGrainTests : EscalationCluster
{
    [Fact]
    public async Task An_incident_without_an_answer_is_paged_level_by_level_to_the_end()
    {
        var (first, second) = await LadderAsync(null, 1, 1);
        await FileAsync("I-1", "critical");
        await FileAsync("I-2", "normal");
        Assert.Equal((first, "I-1", 1L, "open"), await PagedAsync());
        await PassAsync();
        Assert.Equal((second, "I-1", 2L, "open"), await PagedAsync());
        await PassAsync();
        var end = Body(await EntryAsync(EntryKinds.IncidentUnanswered));
        Assert.Equal(("I-1", "web"), (end.Text("incidentId"), end.Text("ladder")));
        Assert.Equal(2, (await EntriesAsync(EntryKinds.IncidentPaged)).Count);
        Assert.Equal(0, await OpenAsync());

        var timeline = (await Cluster.Client.Incident("Z-001", "I-1").TimelineAsync())!.Events;
        Assert.Contains(timeline, happened => happened.Kind == EntryKinds.IncidentPaged
            && happened.Text == $"ladder web, level 2 of 2, round 1: {second}");
        Assert.Contains(timeline, happened => happened.Kind == EntryKinds.IncidentUnanswered);
    }

    [Fact]
    public async Task An_acknowledgement_ends_the_ladder_and_a_page_waiting_for_a_retry_is_not_sent()
    {
        var (first, _) = await LadderAsync(null, 1, 1);
        Sender.Outcomes.Enqueue(Failed);
        await FileAsync("I-1", "critical");
        await PagedAsync();
        await RowAsync(first, "I-1", row => row.Attempts.Count == 1);
        await UpdateAsync("I-1", UpdateAction.Acknowledge);
        await PassAsync();
        var row = await RowAsync(first, "I-1", row => row.State == DeliveryState.Exhausted);
        Assert.Equal((2, DeliveryFault.Answered), (row.Attempts.Count, row.Attempts[^1].Fault));
        await Eventually.TrueAsync(async () => await OpenAsync() == 0);
        Assert.Equal(1, Sender.Count);
        Assert.Single(await EntriesAsync(EntryKinds.IncidentPaged));
    }

    [Fact]
    public async Task An_acknowledgement_without_a_resolution_expires_and_the_same_person_may_acknowledge_again()
    {
        var (_, second) = await LadderAsync(120, 1, 1);
        await FileAsync("I-1", "critical");
        await PagedAsync();
        await UpdateAsync("I-1", UpdateAction.Acknowledge);
        await PassAsync();
        await PassAsync();
        Assert.Equal((second, "I-1", 2L, "acknowledged"), await PagedAsync());
        await UpdateAsync("I-1", UpdateAction.Acknowledge);
        Assert.Equal(2, (await EntriesAsync(EntryKinds.IncidentAcknowledged)).Count);
        await UpdateAsync("I-1", UpdateAction.Acknowledge); // already acknowledged
        Assert.Equal(2, (await EntriesAsync(EntryKinds.IncidentAcknowledged)).Count);
        await UpdateAsync("I-1", UpdateAction.Resolve);
        await PassAsync();
        await PassAsync();
        await Eventually.TrueAsync(async () => await OpenAsync() == 0);
        Assert.Equal(2, (await EntriesAsync(EntryKinds.IncidentPaged)).Count);

        await UpdateAsync("I-1", UpdateAction.Reopen);
        Assert.Equal(1, (await PagedAsync()).Level);
    }

    [Fact]
    public async Task A_level_is_paged_when_it_is_due_though_nothing_else_happens()
    {
        await LadderAsync(null, 1, 1);
        await FileAsync("I-1", "critical");
        await PagedAsync();
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            return Sender.Count == 2;
        });
    }

    [Fact]
    public async Task Of_a_flood_each_incident_is_paged_once()
    {
        await LadderAsync(null, 1, 1);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(number => FileAsync($"F-{number}", "critical")));
        await Eventually.TrueAsync(async () => (await EntriesAsync(EntryKinds.IncidentPaged)).Count >= 200);
        var paged = (await EntriesAsync(EntryKinds.IncidentPaged)).Select(entry => Body(entry).Text("incidentId")).ToList();
        Assert.Equal((200, 200), (paged.Count, paged.Distinct().Count()));
    }

    [Fact]
    public async Task A_ladder_applies_to_new_incidents_and_to_none_once_it_is_removed()
    {
        await FileAsync("I-0", "critical");
        var (first, _) = await LadderAsync(null, 1, 1);
        Assert.Equal(PutVerdict.Unchanged, (await Ladders.PutAsync((await LadderAsync()) with { StartsAt = [] }, Me)).Verdict);
        await FileAsync("I-1", "critical");
        Assert.Equal((first, "I-1", 1L, "open"), await PagedAsync());
        var ladder = (await LadderAsync());
        Assert.True(await Ladders.RemoveAsync("web", Me));
        Assert.False(await Ladders.RemoveAsync("web", Me));
        await PassAsync();
        await Cluster.Client.GetGrain<IEscalatorGrain>(LogOfIncidents).NudgeAsync();
        await Eventually.TrueAsync(async () => await OpenAsync() == 0);
        Assert.Single(await EntriesAsync(EntryKinds.IncidentPaged));

        // A ladder created again under the same name is a different one.
        await FileAsync("I-2", "critical");
        var again = (await Ladders.PutAsync(ladder, Me)).Ladder!;
        await FileAsync("I-3", "critical");
        Assert.Equal((first, "I-3", 1L, "open"), await PagedAsync());
        Assert.True(await Ladders.RemoveAsync("web", Me));
        Assert.Equal(PutVerdict.Changed, (await Ladders.PutAsync(again, Me)).Verdict);
        await PassAsync();
        await Eventually.TrueAsync(async () => await OpenAsync() == 0);
        Assert.Equal(2, (await EntriesAsync(EntryKinds.IncidentPaged)).Count);
        Assert.Equal(["ladder.changed", "ladder.removed", "ladder.changed", "ladder.removed", "ladder.changed"], (await EntriesAsync(
            "ladder.")).Select(entry => entry.Kind));
    }
}
