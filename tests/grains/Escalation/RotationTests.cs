using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Escalation;

namespace CapOrleans.Tests.Grains.Escalation;

/// <summary>Pages go to whoever is on call.</summary>
public sealed class RotationTests : EscalationCluster
{
    [Fact]
    public async Task Each_step_pages_whoever_is_on_call_at_its_time_and_the_entry_names_them()
    {
        var (ada, bob) = await LadderAsync(null, 1, 1);
        await RotationAsync(ada);
        await LevelsAsync(new LadderLevel([], 60, 1, ["primary"]), new LadderLevel([], 60, 1, ["primary"]));
        await FileAsync("I-1", "critical");
        Assert.Equal((ada, "I-1", 1L, "open"), await PagedAsync());
        var now = Time.GetUtcNow();
        var swap = new RotationOverride("swap", "Bob", bob, now, now.AddHours(1));
        Assert.Equal(PutVerdict.Changed, (await Ladders.OverrideAsync("primary", swap, Me)).Verdict);
        Assert.Equal(PutVerdict.Unchanged, (await Ladders.OverrideAsync("primary", swap, Me)).Verdict);
        Assert.Equal(PutVerdict.Missing, (await Ladders.OverrideAsync("other", swap, Me)).Verdict);
        await PassAsync();
        Assert.Equal((bob, "I-1", 2L, "open"), await PagedAsync());
        Assert.Equal(
            ["Ada", "Bob"],
            (await EntriesAsync(EntryKinds.IncidentPaged)).Select(entry => Assert.Single(Page.Read(entry).OnCall).Name));
        Assert.Equal(2, (await EntriesAsync("rotation.")).Count);
    }

    [Fact]
    public async Task A_level_at_which_no_one_is_on_call_is_logged_and_the_next_one_follows_at_once()
    {
        var (ada, bob) = await LadderAsync(null, 1, 1);
        await RotationAsync(ada);
        Assert.True(await Ladders.RemoveRotationAsync("primary", Me));
        Assert.False(await Ladders.RemoveRotationAsync("primary", Me));
        await LevelsAsync(new LadderLevel([], 60, 1, ["primary"]), new LadderLevel([bob], 60, 1));
        await FileAsync("I-1", "critical");
        Assert.Equal((bob, "I-1", 2L, "open"), await PagedAsync());
        Assert.Equal([0, 1], (await EntriesAsync(EntryKinds.IncidentPaged)).Select(entry => Page.Read(entry).Webhooks.Count));
    }

    private async Task RotationAsync(string webhook) => Assert.Equal(PutVerdict.Changed, (await Ladders.PutRotationAsync(new Rotation(
        "primary", "UTC", "2020-01-01T00:00", 7, [new RotationMember("Ada", webhook)], null, [], default, Actor.Service), Me)).Verdict);

    private async Task LevelsAsync(params LadderLevel[] levels) =>
        Assert.Equal(PutVerdict.Changed, (await Ladders.PutAsync(await LadderAsync() with { Levels = levels }, Me)).Verdict);
}
