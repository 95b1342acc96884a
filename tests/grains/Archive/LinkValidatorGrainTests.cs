using System.Collections.Concurrent;
using System.Text.Json;
using CapOrleans.Archive;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Archive;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Archive;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Archive;

/// <summary>
/// The archive is checked and repaired, by the log of a real silo, on a clock that the test controls.
/// </summary>
public sealed class LinkValidatorGrainTests : IAsyncLifetime
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    /// <summary>
    /// Time between two CIDs; much less than the timeout of calls between grains, which runs on the same clock.
    /// </summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly TempDirectory directory = new();
    private readonly SiloTime time = new();
    private readonly PrivateKey reporter = PrivateKey.Create();
    private readonly Gateway gateway;
    private readonly FailingStore store;
    private InProcessTestCluster cluster = null!;

    public LinkValidatorGrainTests() => (store, gateway) = (new FailingStore(new SqliteBlockStore(directory.File("blocks.db"))), new Gateway(time));

    private ILinkValidatorGrain Validator => cluster.Client.GetGrain<ILinkValidatorGrain>(0);

    private SqliteLogReader Log => new(SqliteDatabase.Open(directory.File("log.db"), 1));

    public Task InitializeAsync() => StartAsync();

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Each_CID_is_checked_once_a_week_and_never_faster_than_the_pace()
    {
        var cids = await ArchiveAsync("L-1", "L-2", "L-3");
        await LookAsync(5);
        Assert.Empty(gateway.Asked);
        time.Advance(Week);
        await RunAsync(() => gateway.Asked.Count == cids.Count);
        Assert.Equal(cids.Order(StringComparer.Ordinal), gateway.Asked.Select(ask => ask.Cid).Order(StringComparer.Ordinal));
        Assert.All(gateway.Asked.Zip(gateway.Asked.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= Interval));
        await LookAsync(10);
        Assert.Equal(cids.Count, gateway.Asked.Count);
        time.Advance(Week);
        await RunAsync(() => gateway.Asked.Count == cids.Count * 2);
        await LookAsync(5);
        Assert.Equal(cids.Count * 2, gateway.Asked.Count);
    }

    [Fact]
    public async Task After_a_restart_it_continues_where_it_was()
    {
        var cids = await ArchiveAsync("L-1", "L-2", "L-3");
        time.Advance(Week);
        await RunAsync(() => gateway.Asked.Count >= 2);
        await SettleAsync();
        await RestartAsync();
        await RunAsync(() => gateway.Asked.Count >= cids.Count);
        Assert.Equal(cids.Order(StringComparer.Ordinal), gateway.Asked.Take(cids.Count).Select(ask => ask.Cid).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_lost_CID_is_logged_as_lost_restored_from_the_log_and_logged_as_restored_once_each()
    {
        var cids = await ArchiveAsync("L-1", "L-2");
        gateway.Status = LinkStatus.Missing;
        await ForgetAsync();
        time.Advance(Week);
        await RunAsync(async () => (await EntriesAsync(EntryKinds.ArchiveRestored)).Count == cids.Count);
        await LookAsync(3);

        var (lost, back) = (await EntriesAsync(EntryKinds.ArchiveLost), await EntriesAsync(EntryKinds.ArchiveRestored));
        Assert.Equal(cids.Order(StringComparer.Ordinal), lost.Select(body => body.Text("cid")).Order(StringComparer.Ordinal));
        Assert.Equal(lost.Select(body => body.Text("cid")), back.Select(body => body.Text("cid")));
        Assert.Equal("""["store","gateway.example"]["missing","missing"]""", $"{lost[0].GetProperty("where")}{lost[0].GetProperty("why")}");
        Assert.Equal("""["store"]""", back[0].GetProperty("where").GetRawText());
        var batch = Assert.Single(await EntriesAsync(EntryKinds.ArchiveBatched), body => lost[0].GetProperty("index").GetInt64() is var index
            && body.GetProperty("from").GetInt64() <= index && index < body.GetProperty("to").GetInt64());
        Assert.Equal((batch.GetProperty("from").GetInt64(), batch.GetProperty("to").GetInt64()), (lost[0].GetProperty("from").GetInt64(), lost[0].GetProperty("to").GetInt64()));
        foreach (var cid in cids)
        {
            Assert.True(Cid.TryParse(cid, out var parsed));
            Assert.NotNull(await store.FindAsync(parsed, default));
        }

        var progress = await Validator.ProgressAsync();
        Assert.Equal((false, null, 0L), (progress.Conflict, progress.LastError, progress.Lag));
        Assert.Contains($"{cids.Count} lost CIDs were restored", progress.Notice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crash_after_logging_a_loss_does_not_log_it_twice()
    {
        await ArchiveAsync("L-1");
        gateway.Status = LinkStatus.Missing;
        await ForgetAsync();
        store.IsFull = true;
        time.Advance(Week);
        await RunAsync(async () => (await Validator.ProgressAsync()).LastError?.Contains("disk full", StringComparison.Ordinal) == true);
        var lost = Assert.Single(await EntriesAsync(EntryKinds.ArchiveLost)).Text("cid");
        var progress = await Validator.ProgressAsync();
        Assert.True(progress.Conflict);
        Assert.Equal($"CID {lost} was lost from the archive and could not be restored: disk full.", progress.LastError);

        await RestartAsync();
        Assert.Empty(await EntriesAsync(EntryKinds.ArchiveRestored));
        await RunAsync(async () => (await Validator.ProgressAsync()).LastError == progress.LastError);
        store.IsFull = false;
        await RunAsync(async () => (await EntriesAsync(EntryKinds.ArchiveRestored)).Count == 1, TimeSpan.FromSeconds(20));
        Assert.Equal((lost, lost), (Assert.Single(await EntriesAsync(EntryKinds.ArchiveLost)).Text("cid"), Assert.Single(await EntriesAsync(EntryKinds.ArchiveRestored)).Text("cid")));
        Assert.False((await Validator.ProgressAsync()).Conflict);
    }

    [Fact]
    public async Task What_only_a_gateway_does_not_have_is_no_loss_and_what_only_a_gateway_has_is_put_back_in_silence()
    {
        var cids = await ArchiveAsync("L-1");
        Assert.True(Cid.TryParse(cids[0], out var first));
        await ForgetAsync(first);
        time.Advance(Week);
        await RunAsync(async () => await store.FindAsync(first, default) is not null); // restored from the gateway
        gateway.Status = LinkStatus.Missing;
        await RunAsync(() => gateway.Asked.Count == cids.Count);
        await SettleAsync();
        Assert.Empty(await EntriesAsync(EntryKinds.ArchiveLost));
        Assert.Equal($"{cids.Count - 1} CIDs checked in this round were found at no public " +
            "gateway.", (await Validator.ProgressAsync()).Notice);
    }

    [Fact]
    public async Task An_unreachable_location_delays_the_verdict_and_is_ignored_after_three_checks()
    {
        await ArchiveAsync("L-1");
        gateway.Status = LinkStatus.Unknown;
        await ForgetAsync();
        time.Advance(Week);
        await RunAsync(async () => (await EntriesAsync(EntryKinds.ArchiveLost)).Count == 1, TimeSpan.FromSeconds(20));
        var asked = gateway.Asked.Take(3).ToList();
        Assert.Equal((1, 3), (asked.Select(ask => ask.Cid).Distinct().Count(), asked.Count));
        Assert.All(asked.Zip(asked.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromMinutes(10)));
        Assert.Equal("""["store"]""", Assert.Single(await EntriesAsync(EntryKinds.ArchiveLost)).GetProperty("where").GetRawText());
    }

    private async Task StartAsync()
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => new NoChain());
            silo.Services.AddSingleton<TimeProvider>(time);
            silo.Services.AddSingleton<IBlockStore>(store);
            silo.Services.AddSingleton(new ArchiveLocations([new StoreLocation(store, time), gateway]));
            silo.Services.AddSingleton(new LinkCheckSchedule(Week, 720));
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    private async Task RestartAsync()
    {
        await cluster.DisposeAsync();
        SqliteConnection.ClearAllPools();
        await StartAsync();
    }

    /// <returns>The CIDs of the records and batches that the archive stored.</returns>
    private async Task<IReadOnlyList<string>> ArchiveAsync(params string[] ids)
    {
        await cluster.Client.Cap("Z-001").DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition($"{reporter.Address}", null, null, null)]), Actor.Service);
        foreach (var id in ids)
        {
            var report = TestIncident.Signed(reporter, "Z-001", id, time.GetUtcNow()).Report();
            Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident("Z-001", id).FileAsync(report)).Verdict);
        }

        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            var archivist = cluster.Client.GetGrain<IArchivistGrain>(0);
            await archivist.NudgeAsync();
            return (await archivist.ProgressAsync()).Lag == 0;
        });
        var records = (await Log.ReadAsync(0, 0, 1000, default)).Entries.Where(entry => entry.Kind == EntryKinds.IncidentAccepted).Select(entry => AcceptedIncident.BlockOf(entry.Bytes).Cid.Text);
        return [.. records, .. (await EntriesAsync(EntryKinds.ArchiveBatched)).Select(body => body.Text("root"))];
    }

    /// <summary>Deletes one block from the embedded store, or all of them.</summary>
    private async Task ForgetAsync(Cid? cid = null)
    {
        await using var connection = new SqliteConnection($"Data Source={directory.File("blocks.db")}");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "DELETE FROM block WHERE $cid IS NULL OR cid = $cid";
        command.Parameters.AddWithValue("$cid", (object?)cid?.ToBytes() ?? DBNull.Value);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Advances by interval after interval, with a nudge in each, until the condition holds.</summary>
    private Task RunAsync(Func<bool> condition) => RunAsync(() => Task.FromResult(condition()));

    private Task RunAsync(Func<Task<bool>> condition, TimeSpan? step = null) => Eventually.TrueAsync(async () =>
    {
        await Validator.NudgeAsync();
        await SettleAsync();
        if (await condition())
        {
            return true;
        }

        time.Advance(step ?? Interval);
        return false;
    });

    /// <summary>Advances by this many intervals, with a nudge in each.</summary>
    private async Task LookAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            await Validator.NudgeAsync();
            await SettleAsync();
            time.Advance(Interval);
        }
    }

    /// <summary>
    /// Waits until the nudges so far are processed: later calls are answered after them, and the work that they started
    /// has come to rest.
    /// </summary>
    private async Task SettleAsync()
    {
        long size;
        int asked;
        do
        {
            (size, asked) = ((await Log.HeadAsync(0, default))!.Size, gateway.Asked.Count);
            for (var i = 0; i < 2; i++)
            {
                await Validator.ProgressAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
        while ((size, asked) != ((await Log.HeadAsync(0, default))!.Size, gateway.Asked.Count));
    }

    private async Task<IReadOnlyList<JsonElement>> EntriesAsync(string kind) =>
        [.. (await Log.ReadAsync(0, 0, 1000, default)).Entries.Where(entry => entry.Kind == kind).Select(entry => JsonElement.Parse(entry.Bytes).GetProperty("body"))];

    private sealed class Gateway(TimeProvider time) : IArchiveLocation
    {
        public ConcurrentQueue<(string Cid, DateTimeOffset At)> Asked { get; } = new();

        public LinkStatus Status { get; set; } = LinkStatus.Ok;

        public string Name => "gateway.example";

        public bool IsOwn => false;

        public Task<LocationAnswer> AskAsync(Cid cid, CancellationToken cancellationToken)
        {
            Asked.Enqueue((cid.Text, time.GetUtcNow()));
            return Task.FromResult(new LocationAnswer(Name, IsOwn, Status, time.GetUtcNow()));
        }
    }

    private sealed class FailingStore(IBlockStore inner) : IBlockStore
    {
        public bool IsFull { get; set; }

        public Task PutAsync(IReadOnlyList<Block> blocks, CancellationToken cancellationToken) =>
            IsFull ? throw new IOException("disk full") : inner.PutAsync(blocks, cancellationToken);

        public Task<byte[]?> FindAsync(Cid cid, CancellationToken cancellationToken) => inner.FindAsync(cid, cancellationToken);
    }
}
