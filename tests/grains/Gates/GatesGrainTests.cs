using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Gates;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Core.Internal;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Gates;

public sealed class GatesGrainTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
    private InProcessTestCluster cluster = null!;

    private IGatesGrain Gates => cluster.Client.GetGrain<IGatesGrain>(0);

    public async Task InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => new NoChain());
            silo.Services.AddSingleton<TimeProvider>(time);
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_gate_that_stops_is_told_of_once_and_again_when_it_is_back()
    {
        Assert.Equal(HeartbeatVerdict.Heard, await HearAsync("edge-1", "0xA"));
        for (var i = 0; i < 5; i++)
        {
            time.Advance(SignedHeartbeat.Interval);
            Assert.Equal(HeartbeatVerdict.Heard, await HearAsync("edge-1", "0xA"));
            await WatchedAsync(isSilent: false);
        }

        Assert.Equal([EntryKinds.GateJoined], await KindsAsync());
        time.Advance(SignedHeartbeat.Patience + TimeSpan.FromSeconds(1));
        await WatchedAsync(isSilent: true);
        await WatchedAsync(isSilent: true);
        Assert.Equal([EntryKinds.GateJoined, EntryKinds.GateSilent], await KindsAsync());
        await HearAsync("edge-1", "0xA");
        Assert.Equal([EntryKinds.GateJoined, EntryKinds.GateSilent, EntryKinds.GateJoined], await KindsAsync());
        Assert.False(Assert.Single(await Gates.ListAsync()).IsSilent);
    }

    [Fact]
    public async Task Another_activation_says_nothing_twice_and_gives_every_gate_its_time_again()
    {
        await HearAsync("edge-1", "0xA");
        await Gates.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        time.Advance(SignedHeartbeat.Interval);
        await Gates.ListAsync();
        time.Advance(SignedHeartbeat.Patience - TimeSpan.FromSeconds(1));
        await WatchedAsync(isSilent: false);
        Assert.Equal(HeartbeatVerdict.Heard, await HearAsync("edge-1", "0xA"));
        Assert.Equal([EntryKinds.GateJoined], await KindsAsync());
        await Gates.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await Gates.ListAsync();
        time.Advance(SignedHeartbeat.Patience + TimeSpan.FromSeconds(1));
        await WatchedAsync(isSilent: true);
        Assert.Equal([EntryKinds.GateJoined, EntryKinds.GateSilent], await KindsAsync());
    }

    [Fact]
    public async Task A_name_belongs_to_the_first_key_and_an_old_word_counts_for_nothing()
    {
        Assert.Equal(HeartbeatVerdict.Unknown, await HearAsync("edge-1", "0xA", mayJoin: false));
        Assert.Equal(HeartbeatVerdict.Heard, await HearAsync("edge-1", "0xA"));
        Assert.Equal(HeartbeatVerdict.OtherKey, await HearAsync("edge-1", "0xB"));
        Assert.Equal(HeartbeatVerdict.Stale, await HearAsync("edge-1", "0xA", mayJoin: false)); // to the letter what was said before
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HeartbeatVerdict.Heard, await HearAsync("edge-1", "0xA", mayJoin: false));
        Assert.Equal(HeartbeatVerdict.Stale, await HearAsync("edge-1", "0xA", ahead: SignedHeartbeat.Tolerance + TimeSpan.FromSeconds(1)));
        Assert.Equal([EntryKinds.GateJoined], await KindsAsync());
    }

    [Fact]
    public async Task There_are_as_many_gates_as_there_may_be()
    {
        for (var i = 0; i < ClusterLimits.Gates; i++)
        {
            Assert.Equal(HeartbeatVerdict.Heard, await HearAsync($"edge-{i}", "0xA"));
        }

        Assert.Equal(HeartbeatVerdict.TooMany, await HearAsync("one-more", "0xA"));
    }

    private Task<HeartbeatVerdict> HearAsync(string gate, string address, bool mayJoin = true, TimeSpan ahead = default) =>
        Gates.HearAsync(new GateHeartbeat(gate, address, time.GetUtcNow() + ahead, 0, 0, mayJoin));

    /// <summary>Nobody waits for the watch: what it does is seen later.</summary>
    private async Task WatchedAsync(bool isSilent)
    {
        await Gates.WatchAsync();
        await Eventually.TrueAsync(async () => Assert.Single(await Gates.ListAsync()).IsSilent == isSilent);
    }

    private async Task<IEnumerable<string>> KindsAsync()
    {
        IReadOnlyList<LogEntry> entries = await new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 1)).ReadAsync(0, 0, 1000, default);
        return entries.Select(entry => entry.Kind);
    }
}
