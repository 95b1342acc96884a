using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Gates;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Gates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Core.Internal;
using Orleans.Providers;
using Orleans.Storage;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Gates;

public sealed class GatesGrainTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly SiloTime time = new();
    private readonly ManualResetEventSlim mayWrite = new(initialState: true);
    private InProcessTestCluster cluster = null!;

    private IGatesGrain Gates => cluster.Client.GetGrain<IGatesGrain>(0);

    public async Task InitializeAsync()
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => new NoChain());
            silo.Services.AddSingleton<TimeProvider>(time);
            silo.Services.AddSingleton<IAuditLogWriter>(services => new StallingWriter(new SqliteLogWriter(services.GetRequiredService<SqliteDatabase>()), mayWrite));
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        mayWrite.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task A_gate_that_stops_is_logged_once_and_again_when_it_is_back()
    {
        await AddAsync("edge-1", "0xA");
        Assert.Equal(HeartbeatVerdict.Accepted, await HearAsync("edge-1", "0xA"));
        await LoggedAsync(EntryKinds.GateJoined);
        for (var i = 0; i < 5; i++)
        {
            time.Advance(SignedHeartbeat.Interval);
            Assert.Equal(HeartbeatVerdict.Accepted, await HearAsync("edge-1", "0xA"));
            await LoggedAsync(EntryKinds.GateJoined);
        }

        time.Advance(SignedHeartbeat.Timeout + TimeSpan.FromSeconds(1));
        Assert.True(Assert.Single(await Gates.ListAsync()).IsSilent);
        await LoggedAsync(EntryKinds.GateJoined, EntryKinds.GateSilent);
        await LoggedAsync(EntryKinds.GateJoined, EntryKinds.GateSilent);
        await HearAsync("edge-1", "0xA");
        Assert.False(Assert.Single(await Gates.ListAsync()).IsSilent);
        await LoggedAsync(EntryKinds.GateJoined, EntryKinds.GateSilent, EntryKinds.GateJoined);
    }

    [Fact]
    public async Task While_the_log_is_blocked_heartbeats_count_and_only_a_silent_gate_is_logged()
    {
        await AddAsync("well", "0xA");
        await AddAsync("gone", "0xB");
        await HearAsync("well", "0xA");
        await HearAsync("gone", "0xB");
        await LoggedAsync(EntryKinds.GateJoined, EntryKinds.GateJoined);
        time.Advance(SignedHeartbeat.Timeout - TimeSpan.FromSeconds(1));
        await HearAsync("well", "0xA");
        time.Advance(TimeSpan.FromSeconds(2));
        mayWrite.Reset();
        await Gates.WatchAsync(); // waits for the log
        for (var i = 0; i < 5; i++)
        {
            time.Advance(SignedHeartbeat.Interval);
            Assert.Equal(HeartbeatVerdict.Accepted, await HearAsync("well", "0xA"));
        }

        mayWrite.Set();
        await LoggedAsync(EntryKinds.GateJoined, EntryKinds.GateJoined, EntryKinds.GateSilent);
        Assert.Equal("gone", Assert.Single(await Gates.ListAsync(), gate => gate.IsSilent).Gate);
    }

    [Fact]
    public async Task Another_activation_logs_nothing_twice_and_gives_every_gate_its_full_timeout()
    {
        await AddAsync("edge-1", "0xA");
        await HearAsync("edge-1", "0xA");
        await LoggedAsync(EntryKinds.GateJoined);
        await RestartAsync();
        time.Advance(SignedHeartbeat.Timeout - TimeSpan.FromSeconds(1));
        await LoggedAsync(EntryKinds.GateJoined);
        Assert.Equal(HeartbeatVerdict.Accepted, await HearAsync("edge-1", "0xA"));
        await RestartAsync();
        time.Advance(SignedHeartbeat.Timeout + TimeSpan.FromSeconds(1));
        await LoggedAsync(EntryKinds.GateJoined, EntryKinds.GateSilent);
        await RestartAsync();
        await LoggedAsync(EntryKinds.GateJoined, EntryKinds.GateSilent); // no heartbeat, so it has not joined again
    }

    [Fact]
    public async Task A_name_belongs_to_its_key_until_it_is_withdrawn()
    {
        Assert.Equal(HeartbeatVerdict.Unknown, await HearAsync("edge-1", "0xA"));
        Assert.Equal(GateAddition.Added, await Gates.AddAsync("edge-1", "0xA", Actor.Service));
        Assert.Equal(GateAddition.Unchanged, await Gates.AddAsync("edge-1", "0xA", Actor.Service));
        Assert.Equal(GateAddition.OtherKey, await Gates.AddAsync("edge-1", "0xB", Actor.Service));
        Assert.Equal(HeartbeatVerdict.Accepted, await HearAsync("edge-1", "0xA"));
        Assert.Equal(HeartbeatVerdict.OtherKey, await HearAsync("edge-1", "0xB"));
        Assert.Equal(HeartbeatVerdict.Stale, await HearAsync("edge-1", "0xA")); // a replay, byte for byte
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HeartbeatVerdict.Accepted, await HearAsync("edge-1", "0xA"));
        Assert.Equal(HeartbeatVerdict.Stale, await HearAsync("edge-1", "0xA", ahead: SignedHeartbeat.Tolerance + TimeSpan.FromSeconds(1)));
        await LoggedAsync(EntryKinds.GateJoined);
        Assert.True(await Gates.RemoveAsync("edge-1", Actor.Service));
        Assert.False(await Gates.RemoveAsync("edge-1", Actor.Service));
        Assert.Equal(HeartbeatVerdict.Unknown, await HearAsync("edge-1", "0xA"));
        Assert.Equal(GateAddition.Added, await Gates.AddAsync("edge-1", "0xB", Actor.Service));
        Assert.Equal(HeartbeatVerdict.Accepted, await HearAsync("edge-1", "0xB"));
        await LoggedAsync(EntryKinds.GateJoined, EntryKinds.GateRemoved, EntryKinds.GateJoined);
        Assert.Equal(2, (await KindsAsync()).Count(kind => kind == EntryKinds.GateAdded));
    }

    [Fact]
    public async Task An_assigned_name_is_stored_and_the_gate_does_not_count_as_silent_before_it_joined()
    {
        await AddAsync("edge-1", "0xA");
        await RestartAsync();
        time.Advance(SignedHeartbeat.Timeout + TimeSpan.FromSeconds(1));
        await LoggedAsync();
        Assert.Equal(HeartbeatVerdict.Accepted, await HearAsync("edge-1", "0xA"));
        await LoggedAsync(EntryKinds.GateJoined);
    }

    [Fact]
    public async Task The_number_of_names_is_limited()
    {
        var names = Enumerable.Range(1, ClusterLimits.MaxGates - 1).Select(i => new KnownGate($"edge-{i}", "0xA", time.GetUtcNow()));
        var storage = cluster.Silos[0].ServiceProvider.GetRequiredKeyedService<IGrainStorage>(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME);
        await storage.WriteStateAsync("gates", Gates.GetGrainId(), new GrainState<GatesState>(new GatesState { Gates = [.. names] }));
        Assert.Equal(GateAddition.Added, await Gates.AddAsync("last", "0xA", Actor.Service));
        Assert.Equal(GateAddition.Full, await Gates.AddAsync("one-more", "0xA", Actor.Service));
        Assert.True(await Gates.RemoveAsync("edge-7", Actor.Service));
        Assert.Equal(GateAddition.Added, await Gates.AddAsync("one-more", "0xA", Actor.Service));
    }

    [Fact]
    public async Task A_flapping_gate_is_logged_only_so_often()
    {
        await AddAsync("flap", "0xA");
        var expected = new List<string>();
        for (var i = 0; i < ClusterLimits.GateChangesPerHour + 3; i++)
        {
            await HearAsync("flap", "0xA");
            expected.AddRange(i < ClusterLimits.GateChangesPerHour ? [EntryKinds.GateJoined] : []);
            await LoggedAsync([.. expected]);
            time.Advance(SignedHeartbeat.Timeout + TimeSpan.FromSeconds(1));
            expected.AddRange(i < ClusterLimits.GateChangesPerHour ? [EntryKinds.GateSilent] : []);
            await LoggedAsync([.. expected]);
        }
    }

    private async Task AddAsync(string gate, string address) =>
        Assert.Equal(GateAddition.Added, await Gates.AddAsync(gate, address, Actor.Service));

    private Task<HeartbeatVerdict> HearAsync(string gate, string address, TimeSpan ahead = default) =>
        Gates.RecordAsync(new GateHeartbeat(gate, address, time.GetUtcNow() + ahead, 0, 0));

    private async Task RestartAsync()
    {
        await Gates.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await Gates.ListAsync(); // from now on the next activation measures the time
    }

    /// <summary>
    /// Waits until the log has exactly these entries about gates, not counting those of added gates. WatchAsync is
    /// one-way; RemoveAsync is awaited and is processed after it.
    /// </summary>
    private async Task LoggedAsync(params string[] kinds)
    {
        await Eventually.TrueAsync(async () =>
        {
            await Gates.WatchAsync(); // again, as its timer does: a watch in progress when the clock advanced may have timed out
            await Gates.RemoveAsync("nobody", Actor.Service);
            return (await KindsAsync()).Where(kind => kind != EntryKinds.GateAdded).SequenceEqual(kinds);
        });
    }

    /// <summary>A log that commits only when the test allows it.</summary>
    private sealed class StallingWriter(SqliteLogWriter real, ManualResetEventSlim mayWrite) : IAuditLogWriter, IDisposable
    {
        public Task<LogHead> OpenAsync(int log, CancellationToken cancellationToken) => real.OpenAsync(log, cancellationToken);

        public Task<(LogHead Head, IReadOnlyList<AppendOutcome> Outcomes)> CommitAsync(int log, LogHead expected, IReadOnlyList<Append> batch, CancellationToken cancellationToken) => Task.Run(
            () =>
            {
                mayWrite.Wait(cancellationToken);
                return real.CommitAsync(log, expected, batch, cancellationToken);
            },
            cancellationToken);

        public void Dispose() => real.Dispose();
    }

    private async Task<IReadOnlyList<string>> KindsAsync()
    {
        var (entries, _) = await new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 1)).ReadAsync(0, 0, 2000, default);
        return [.. entries.Select(entry => entry.Kind)];
    }
}
