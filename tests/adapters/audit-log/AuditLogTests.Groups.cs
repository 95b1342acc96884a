using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Tests.AuditLog;

public abstract partial class AuditLogTests
{
    private IIncidentGroupReader Groups => (IIncidentGroupReader)Reader;

    [Fact]
    public async Task The_newest_group_is_found_and_its_incidents_are_counted()
    {
        await GroupAsync([("A", "disk", "A"), ("B", "disk", "A"), ("C", "cpu", "C"), ("D", "disk", "A")]);
        Assert.Equal(("A", 1L, 2, At.AddSeconds(3)), await NewestAsync("disk"));
        Assert.Equal(("C", 3L, 2, At.AddSeconds(2)), await NewestAsync("cpu"));
        Assert.Null(await NewestAsync("ram"));
        await GroupAsync([("E", "disk", "E"), ("F", "disk", "E")]);
        Assert.Equal(("E", 5L, 2, At.AddSeconds(1)), await NewestAsync("disk"));
        Assert.Equal(["E", "A"], await Groups.FirstsAsync("Z", "disk", 9, default));
        Assert.Equal(["E"], await Groups.FirstsAsync("Z", "disk", 1, default));
        Assert.Equal((3, 2), (await CountAsync("disk", "A"), await CountAsync("disk", "E")));
        Assert.Null(await Groups.CountAsync("Z", null, default));
    }

    [Fact]
    public async Task A_group_whose_first_incident_is_not_in_the_log_is_none()
    {
        await GroupAsync([("B", "disk", "A")]);
        Assert.Null(await NewestAsync("disk"));
        Assert.Empty(await Groups.FirstsAsync("Z", "disk", 9, default));
    }

    private async Task GroupAsync((string Id, string Group, string First)[] incidents)
    {
        var head = await Reader.HeadAsync(0, default) ?? await RegisterAsync();
        var (_, outcomes) = await Writer.CommitAsync(0, head, [.. incidents.Select(Member)], default);
        Assert.All(outcomes, outcome => Assert.Equal(AppendVerdict.Appended, outcome.Verdict));
    }

    private static Append Member((string Id, string Group, string First) one, int second)
    {
        var append = Incident(one.Id);
        return append with
        {
            Incident = append.Incident! with
            {
                SeverityRank = 2, AcceptedAt = At.AddSeconds(second), GroupId = one.Group, GroupFirst = one.First,
            },
        };
    }

    private async Task<(string, long, int, DateTimeOffset)?> NewestAsync(string group) =>
        await Groups.FindGroupAsync("Z", group, default) is { } found
            ? (found.First, found.FirstIndex, found.SeverityRank, found.NewestAt) : null;

    private async Task<int?> CountAsync(string group, string first) =>
        (await Groups.CountAsync("Z", new IncidentGroup(group, GroupRules.DedupKey, group, first, true), default))!.Count;
}
