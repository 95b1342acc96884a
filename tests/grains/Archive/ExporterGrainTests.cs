using System.Text.Json;
using CapOrleans.Archive;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Archive;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Archive;

/// <summary>
/// The log of a real silo is exported to a node that follows Kubo's rules or breaks them, on a clock that the test
/// controls.
/// </summary>
public sealed class ExporterGrainTests : IAsyncLifetime
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly TempDirectory directory = new();
    private readonly SiloTime time = new();
    private readonly PrivateKey reporter = PrivateKey.Create();
    private readonly HttpClient http = new();
    private KuboStandIn node = null!;
    private InProcessTestCluster cluster = null!;

    private IExporterGrain Exporter => cluster.Client.GetGrain<IExporterGrain>(0);

    private SqliteLogReader Log => new(SqliteDatabase.Open(directory.File("log.db"), 1));

    public async Task InitializeAsync() => node = await KuboStandIn.StartAsync();

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        await node.DisposeAsync();
        http.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Every_entry_is_exported_within_a_day_and_independent_software_reads_them()
    {
        await StartAsync(64 << 20);
        await FileAsync("E-1", "E-2", "E-3");
        await NudgeAsync();
        Assert.Empty(node.Imported);
        time.Advance(Day);
        await ExportedAsync(1);
        await Eventually.TrueAsync(async () => await Exporter.ProgressAsync() is { Lag: 0, LastError: null });

        for (var day = 0; day < 3; day++)
        {
            time.Advance(Day); // the entry about an export does not cause another export
            await NudgeAsync();
        }

        Assert.Single(node.Imported);
        await FileAsync("E-4");
        time.Advance(Day);
        await ExportedAsync(2);
        await CheckAsync();
    }

    [Fact]
    public async Task A_large_backlog_is_exported_before_its_time()
    {
        await StartAsync(10_000);
        await FileAsync([.. Enumerable.Range(1, 30).Select(i => $"E-{i}")]);
        await ExportedAsync(3);
        await CheckAsync();
        Assert.All(node.Cars, car => Assert.InRange(car.Length, 10_000, 20_000));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("root")]
    [InlineData("altered")]
    [InlineData("pin")]
    public async Task A_false_200_of_a_node_is_detected_and_everything_is_sent_again(string lie)
    {
        await StartAsync(64 << 20);
        await FileAsync("E-1", "E-2", "E-3");
        node.PinError = lie == "pin" ? "no space" : "";
        var first = true;
        node.Keeps = (_, bytes) =>
        {
            var kept = lie switch { "nothing" => null, "root" => first ? bytes : null, "altered" => [.. bytes[..^1], 0], _ => bytes };
            first = false;
            return kept;
        };
        time.Advance(Day);
        await Eventually.TrueAsync(async () =>
        {
            await Exporter.NudgeAsync();
            return (await Exporter.ProgressAsync()).LastError is not null;
        });
        var lastError = (await Exporter.ProgressAsync()).LastError!;
        Assert.Contains(lie == "pin" ? "did not confirm that it " +
            "pinned" : "accepted a CAR but does not return its block", lastError, StringComparison.Ordinal);
        Assert.Empty(await EntriesAsync());

        (node.Keeps, node.PinError) = (null, "");
        await NudgeAsync();
        Assert.Single(node.Imported); // it is backing off
        Assert.Equal(lastError, (await Exporter.ProgressAsync()).LastError);
        time.Advance(TimeSpan.FromMinutes(1));
        await ExportedAsync(1);
        await Eventually.TrueAsync(async () => await Exporter.ProgressAsync() is { LastError: null });
        await CheckAsync();
    }

    private async Task StartAsync(long bytes)
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => new NoChain());
            silo.Services.AddSingleton<TimeProvider>(time);
            silo.Services.AddSingleton<ICarStore>(new KuboCarStore(new KuboRpc(http, node.Url), time));
            silo.Services.AddSingleton(new ExportSchedule(IsOn: true, HasChain: false, Day, bytes));
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
        await cluster.Client.Cap("Z-001").DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition($"{reporter.Address}", null, null, null)]), Actor.Service);
    }

    private async Task FileAsync(params string[] ids)
    {
        foreach (var id in ids)
        {
            Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident("Z-001", id).FileAsync(TestIncident.Signed(reporter, "Z-001", id, time.GetUtcNow()).Report())).Verdict);
        }

        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            var archivist = cluster.Client.GetGrain<IArchivistGrain>(0);
            await archivist.NudgeAsync();
            return (await archivist.ProgressAsync()).Lag == 0; // it has nothing more to log
        });
    }

    private async Task NudgeAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            await Exporter.NudgeAsync();
            await Exporter.ProgressAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    private Task ExportedAsync(int count) => Eventually.TrueAsync(async () =>
    {
        await Exporter.NudgeAsync();
        return (await EntriesAsync()).Count >= count;
    });

    private async Task<IReadOnlyList<JsonElement>> EntriesAsync() =>
        [.. (await Log.ReadAsync(0, 0, 1000, default)).Entries.Where(entry => entry.Kind == EntryKinds.ArchiveExported).Select(entry => JsonElement.Parse(entry.Bytes).GetProperty("body"))];

    /// <summary>
    /// Checks, from the CARs alone, that the ranges are contiguous and that every entry is as in the log's tree.
    /// </summary>
    private async Task CheckAsync()
    {
        var (tree, at) = (new MerkleFrontier(), 0L);
        var entries = await EntriesAsync();
        foreach (var entry in entries)
        {
            var car = node.Cars.Last(one => KuboStandIn.Read(one).Blocks[0].Cid.Text == entry.Text("root"));
            Assert.Equal(car.Length, entry.GetProperty("bytes").GetInt64());
            await File.WriteAllBytesAsync(directory.File("export.car"), car);
            var read = JsonElement.Parse(await Child.RunAsync("node", Repository.File("tests", "clients", "read-car.mjs"), directory.File("export.car")));
            Assert.Equal((entry.Text("root"), at, entry.GetProperty("to").GetInt64()), (read.Text("root"), read.GetProperty("from").GetInt64(), read.GetProperty("to").GetInt64()));
            var leaves = read.GetProperty("entries").EnumerateArray().Select(bytes => MerkleHash.Leaf(bytes.GetBytesFromBase64())).ToList();
            Assert.Equal(await Log.ReadLeafHashesAsync(0, at, leaves.Count, default), leaves);
            leaves.ForEach(leaf => tree.Append(leaf));
            at += leaves.Count;
            Assert.Equal((at, Convert.ToHexStringLower(tree.Root())), (read.GetProperty("size").GetInt64(), read.Text("treeRoot")));
        }
    }
}
