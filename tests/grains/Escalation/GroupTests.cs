using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Tests.Grains.Escalation;

/// <summary>Of incidents about the same thing, the first pages people; all are kept.</summary>
public sealed class GroupTests : EscalationCluster
{
    private const string Seed = "0123456789a";

    [Fact]
    public async Task Incidents_with_one_dedup_key_are_one_page_with_a_count()
    {
        await LadderAsync(null, 1, 1);
        var groups = new List<IncidentGroup>();
        foreach (var id in (string[])["I-1", "I-2", "I-3"])
        {
            groups.Add((await FileAsync(id, "disk full", "critical"))!);
        }

        Assert.All(groups, group => Assert.Equal((GroupRules.DedupKey, "disk full", "I-1"), (group.Rule, group.Key, group.First)));
        Assert.Equal([true, false, false], groups.Select(group => group.IsNew));
        Assert.Equal("I-1", (await PagedAsync()).Incident);
        await PassAsync();
        var again = JsonElement.Parse((await Sender.NextAsync()).Body).GetProperty("data").GetProperty("incident").GetProperty("group");
        Assert.Equal((3, "I-1"), (again.GetProperty("count").GetInt32(), again.Text("first")));
        await PassAsync();
        Assert.Equal(2, (await EntriesAsync(EntryKinds.IncidentPaged)).Count);
        Assert.Equal((3, false), (await ViewAsync("I-2")) is { Group: { } group } ? (group.Count, group.IsNew) : default);
    }

    [Fact]
    public async Task Another_key_no_key_and_a_higher_severity_page_on_their_own()
    {
        await LadderAsync(null, 1, 1);
        Assert.True((await FileAsync("I-1", "disk", "high"))!.IsNew);
        Assert.True((await FileAsync("I-2", "cpu", "high"))!.IsNew);
        Assert.Null(await FileAsync("I-3", null, "high"));
        Assert.Equal((true, "I-4"), (await FileAsync("I-4", "disk", "critical")) is { } higher ? (higher.IsNew, higher.First) : default);
        Assert.Equal((false, "I-4"), (await FileAsync("I-5", "disk", "high")) is { } lower ? (lower.IsNew, lower.First) : default);
        var paged = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            paged.Add((await PagedAsync()).Incident);
        }

        Assert.Equal(["I-1", "I-2", "I-3", "I-4"], paged.Order());
        await PassAsync();
        Assert.DoesNotContain(await EntriesAsync(EntryKinds.IncidentPaged), page => Body(page).Text("incidentId") == "I-5");
    }

    [Fact]
    public async Task An_incident_after_the_resolution_or_the_window_pages_again()
    {
        await LadderAsync(null, 1, 1);
        await DefineAsync(new PolicyDefinition(GroupWindowSeconds: 60));
        await FileAsync("I-1", "disk", "high");
        await PagedAsync();
        await UpdateAsync("I-1", UpdateAction.Resolve);
        Assert.True((await FileAsync("I-2", "disk", "high"))!.IsNew);
        Assert.Equal("I-2", (await PagedAsync()).Incident);
        Assert.False((await FileAsync("I-3", "disk", "high"))!.IsNew);
        Assert.Equal("open", (await ViewAsync("I-3")).State);
        await UpdateAsync("I-2", UpdateAction.Acknowledge);
        Assert.Equal("acknowledged", (await ViewAsync("I-3")).State);
        Assert.Equal(["I-2"], await Cluster.Client.Cap("Z-001").OpenGroupsAsync((await ViewAsync("I-3")).Group!.Id));

        await PassAsync();
        Assert.True((await FileAsync("I-4", "disk", "high"))!.IsNew);
        Assert.Equal("I-4", (await PagedAsync()).Incident);
        Assert.Equal(["I-4", "I-2"], await Cluster.Client.Cap("Z-001").OpenGroupsAsync((await ViewAsync("I-3")).Group!.Id));
    }

    [Fact]
    public async Task A_policy_groups_by_agent_what_has_no_key()
    {
        await LadderAsync(null, 1, 1);
        await DefineAsync(new PolicyDefinition(GroupBy: GroupRules.Agent));
        Assert.True((await FileAsync("I-1", null, "high"))!.IsNew);
        Assert.Equal((GroupRules.Agent, "capos.local", false), (await FileAsync("I-2", null, "high")) is { } same ? (same.Rule,
            same.Key, same.IsNew) : default);
        await DefineAsync(new PolicyDefinition(GroupBy: GroupRules.AgentAndSeverity));
        Assert.Equal((GroupRules.AgentAndSeverity, "normal capos.local", true), (await FileAsync("I-3", null,
            "normal")) is { } other ? (other.Rule, other.Key, other.IsNew) : default);
        Assert.Equal(GroupRules.DedupKey, (await FileAsync("I-4", "key", "normal"))!.Rule);
    }

    /// <summary>Otherwise the recovery of one fault would keep back every other fault of its agent.</summary>
    [Fact]
    public async Task When_the_first_of_an_agent_recovers_by_itself_the_next_that_is_open_pages()
    {
        await LadderAsync(null, 1, 1);
        await DefineAsync(new PolicyDefinition(GroupBy: GroupRules.Agent));
        var (nginx, disk, cpu) = ($"NGINXFAIL-{Seed}1", $"DISKFAIL-{Seed}2", $"CPUFAIL-{Seed}3");
        foreach (var id in (string[])[nginx, disk, cpu])
        {
            Assert.Equal(nginx, (await FileAsync(id, null, "high"))!.First);
        }

        Assert.Equal(nginx, (await PagedAsync()).Incident);
        await FileAsync($"DISKOK-{Seed}2", null, "normal"); // not the first: pages no one
        await FileAsync($"NGINXOK-{Seed}1", null, "normal");
        Assert.Equal("resolved", (await ViewAsync(nginx)).State);
        Assert.Equal(cpu, (await PagedAsync()).Incident);
        Assert.Equal("open", (await ViewAsync(cpu)).State);
        Assert.Equal(2, (await EntriesAsync(EntryKinds.IncidentPaged)).Count);
    }

    [Fact]
    public async Task When_an_integration_says_that_the_first_of_an_agent_is_over_the_next_pages()
    {
        await LadderAsync(null, 1, 1);
        await DefineAsync(new PolicyDefinition(GroupBy: GroupRules.Agent));
        await FileAsync("I-1", null, "high");
        await FileAsync("I-2", null, "high");
        await PagedAsync();
        Assert.Null((await Cluster.Client.Incident("Z-001", "I-1").UpdateAsync(
            new UpdateRequest(UpdateAction.Resolve, null, null, null), new Actor("integration:1f0c22ab", "prometheus"))).Refusal);
        Assert.Equal("I-2", (await PagedAsync()).Incident);
        Assert.Equal("open", (await ViewAsync("I-2")).State);
    }

    [Fact]
    public async Task A_group_whose_first_was_paged_in_vain_keeps_no_other_incident_from_paging()
    {
        await LadderAsync(null, 1, 1);
        await FileAsync("I-1", "disk", "high");
        Assert.Equal("I-1", (await PagedAsync()).Incident);
        Assert.False((await FileAsync("I-2", "disk", "high"))!.IsNew);
        await PassAsync();
        Assert.Equal("I-1", (await PagedAsync()).Incident);
        await PassAsync();
        Assert.Single(await EntriesAsync(EntryKinds.IncidentUnanswered));
        Assert.False((await FileAsync("I-3", "disk", "high"))!.IsNew);
        Assert.Equal("I-3", (await PagedAsync()).Incident);
        await UpdateAsync("I-1", UpdateAction.Acknowledge);
        await FileAsync("I-4", "disk", "high");
        await PassAsync();
        Assert.DoesNotContain(await EntriesAsync(EntryKinds.IncidentPaged), entry => Body(entry).Text("incidentId") is "I-2" or "I-4");
    }

    [Fact]
    public async Task Who_resolves_the_first_by_hand_resolves_the_group()
    {
        await LadderAsync(null, 1, 1);
        await DefineAsync(new PolicyDefinition(GroupBy: GroupRules.Agent));
        await FileAsync("I-1", null, "high");
        await FileAsync("I-2", null, "high");
        await PagedAsync();
        await UpdateAsync("I-1", UpdateAction.Resolve);
        Assert.Equal("resolved", (await ViewAsync("I-2")).State);
        await PassAsync();
        Assert.Single(await EntriesAsync(EntryKinds.IncidentPaged));
    }

    [Fact]
    public async Task What_is_known_of_a_group_comes_back_from_the_log()
    {
        await LadderAsync(null, 1, 1);
        await FileAsync("I-1", "disk", "high");
        await PagedAsync();
        await Cluster.Client.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        Assert.Equal((false, "I-1"), (await FileAsync("I-2", "disk", "high")) is { } group ? (group.IsNew, group.First) : default);
        var repeated = await FileAsync("I-1", "disk", "high", Verdict.AlreadyAccepted);
        Assert.True(repeated!.IsNew);
        Assert.False((await FileAsync("I-3", "disk", "high"))!.IsNew);
    }

    /// <summary>An incident may join a first one whose own append then fails.</summary>
    [Fact]
    public async Task An_incident_whose_first_is_not_in_the_log_pages_on_its_own()
    {
        await LadderAsync(null, 1, 1);
        await FileAsync("I-1", "disk", "high");
        await PagedAsync();
        var log = Cluster.Client.GetGrain<IAuditLogGrain>(LogOfIncidents);
        var entry = (await EntriesAsync(EntryKinds.IncidentAccepted))[0];
        var orphan = AcceptedIncident.Read(entry.Bytes) with { IncidentId = "I-2" };
        orphan = orphan with { Group = orphan.Group! with { First = "I-0", IsNew = false } };
        var draft = orphan.ToEntry((await log.HeadAsync()).Origin);
        var outcome = await log.AppendAsync(new Append
        {
            Entries = [draft],
            Incident = new IncidentRow("Z-001", "I-2", Encoding.UTF8.GetBytes("I-2"), 1, orphan.DeltaCap, Time.GetUtcNow(),
                orphan.Group!.Id, "I-0"),
        });
        Assert.Equal(AppendVerdict.Appended, outcome.Verdict);
        Assert.Equal("I-2", (await PagedAsync()).Incident);
    }

    private async Task<IncidentGroup?> FileAsync(string id, string? dedupKey, string severity, Verdict expected = Verdict.Accepted) =>
        (await FileAsync(id, "Z-001", incident =>
        {
            incident["severity"] = severity;
            if (dedupKey is not null)
            {
                incident["dedup_key"] = dedupKey;
            }
        }, expected)).Group;

    private async Task DefineAsync(PolicyDefinition policy) =>
        Assert.Equal(CapVerdict.Changed, (await Cluster.Client.Cap("Z-001").DefineAsync(new CapDefinition(null, null, null, null,
            null, policy), Me)).Verdict);

    private async Task<IncidentView> ViewAsync(string id) => (await Cluster.Client.Incident("Z-001", id).ReadAsync())!;
}
