using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Core.Heartbeats;

namespace CapOrleans.Tests.AuditLog;

public abstract partial class AuditLogTests
{
    private IHeartbeatReader Heartbeats => (IHeartbeatReader)Reader;

    [Fact]
    public async Task Heartbeats_are_found_by_name_and_when_they_are_missed()
    {
        await BeatAsync(Beat("a", 5), Beat("b", -5), Beat("c", -9), Beat("d", null) with { Incident = "hb-d-1" });
        Assert.Equal(["c", "b"], (await Heartbeats.MissedHeartbeatsAsync(0, At, 9, default)).Select(row => row.Last.Name));
        Assert.Equal(["c"], (await Heartbeats.MissedHeartbeatsAsync(0, At, 1, default)).Select(row => row.Last.Name));
        Assert.Empty(await Heartbeats.MissedHeartbeatsAsync(1, At, 9, default));
        Assert.Equal(["a", "b", "c", "d"], (await Heartbeats.HeartbeatsAsync("Z", default)).Select(row => row.Last.Name));
        Assert.Equal(Beat("d", null) with { Incident = "hb-d-1" }, await Heartbeats.FindHeartbeatAsync("Z", "d", default));
        Assert.Null(await Heartbeats.FindHeartbeatAsync("Y", "d", default));

        await BeatAsync(Beat("c", 60));
        Assert.Equal(["b"], (await Heartbeats.MissedHeartbeatsAsync(0, At, 9, default)).Select(row => row.Last.Name));
        await CommitAsync(new HeartbeatCommit("Z", "b", null));
        Assert.Empty(await Heartbeats.MissedHeartbeatsAsync(0, At, 9, default));
        Assert.Equal(3, (await Heartbeats.HeartbeatsAsync("Z", default)).Count);
    }

    private static HeartbeatRow Beat(string name, int? dueIn) => new(
        "Z", new SentHeartbeat(name, HeartbeatEvent.Start, 3, new(null, "0 3 * * *", "UTC"), 10, "high", "T", At, "0x1", "0x2"), At,
        dueIn is { } seconds ? At.AddSeconds(seconds) : null, null);

    private Task BeatAsync(params HeartbeatRow[] rows) =>
        CommitAsync([.. rows.Select(row => new HeartbeatCommit(row.CapId, row.Last.Name, row))]);

    private async Task CommitAsync(params HeartbeatCommit[] commits)
    {
        var head = await Reader.HeadAsync(0, default) ?? await Writer.OpenAsync(0, default);
        var (_, outcomes) = await Writer.CommitAsync(
            0, head, [.. commits.Select(commit => new Append { Entries = [], Heartbeat = commit })], default);
        Assert.All(outcomes, outcome => Assert.Equal(AppendVerdict.Appended, outcome.Verdict));
    }
}
