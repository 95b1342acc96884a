using System.Security.Cryptography;
using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Microsoft.Data.Sqlite;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Anchors;

/// <summary>A chain that contradicts our log: a stolen writer key, a log restored from an older copy.</summary>
public sealed class ForeignAnchorTests : IAsyncLifetime
{
    private const string CapId = "Z-001";

    private readonly TempDirectory directory = new();
    private readonly HttpClient http = new();
    private readonly PrivateKey reporter = PrivateKey.Create();
    private DevChain chain = null!;
    private AnchorContract real = null!;
    private Counted contract = null!;
    private InProcessTestCluster? cluster;

    public async Task InitializeAsync()
    {
        chain = await DevChain.StartAsync();
        // An attacker with the key can do what we can, so the stranger of these tests uses the same object.
        real = new AnchorContract(
            new JsonRpcClient(http, chain.Url), new ChainOptions(31337, PrivateKey.Create(), null, IsDevChain: true),
            TimeProvider.System);
        contract = new Counted(real);
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        chain.Dispose();
        http.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task What_another_anchors_under_our_name_does_not_count()
    {
        await StartAsync();
        await FileAsync("INC-1");
        await AnchoredAsync("INC-1");
        var (head, position) = await QuietAsync();
        var snapshot = (await chain.CallAsync("evm_snapshot")).GetString()!;

        var theirs = new AnchorBatch(head.Origin, position, head.Size, SHA256.HashData("theirs"u8), head.Size, [], []);
        await real.AnchorAsync(theirs, new InMemorySentTransactions(), CancellationToken.None);
        await FileAsync("INC-2");
        await ConflictAsync(AnchorConflict.OtherRoot);
        Assert.Equal("pending", await StatusAsync("INC-2"));
        Assert.Contains("differs from this log's", (await ProgressAsync()).LastError, StringComparison.Ordinal);

        // The chain is corrected: what waited is anchored, and nothing but its entry is left of the conflict.
        await chain.CallAsync("evm_revert", snapshot);
        await AnchoredAsync("INC-2");
        await Eventually.TrueAsync(async () => (await ProgressAsync()) is { Conflict: false, LastError: null });
        Assert.Single(await ConflictsAsync());
    }

    [Fact]
    public async Task A_range_that_our_log_does_not_have_counts_for_nothing_either()
    {
        await StartAsync();
        await FileAsync("INC-1");
        await AnchoredAsync("INC-1");
        var (head, position) = await QuietAsync();
        await real.AnchorAsync(new AnchorBatch(head.Origin, position, head.Size, head.Root, long.MaxValue, [], []),
            new InMemorySentTransactions(), CancellationToken.None);
        await FileAsync("INC-2");
        await ConflictAsync(AnchorConflict.OtherRange);
        Assert.Equal("pending", await StatusAsync("INC-2"));
    }

    [Fact]
    public async Task A_node_that_says_something_else_each_time_fills_no_log()
    {
        await StartAsync();
        await FileAsync("INC-1");
        await AnchoredAsync("INC-1");
        var (head, position) = await QuietAsync();
        contract.Found = (from, of) => new AnchorConfirmation(
            of.ChainId, of.Contract, $"0x{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}", of.Block, from, from + 1, RandomNumberGenerator.GetBytes(32), head.Size, of.BlockHash, 0);
        await real.AnchorAsync(new AnchorBatch(head.Origin, position, head.Size, head.Root, head.Size, [], []),
            new InMemorySentTransactions(), CancellationToken.None);
        await FileAsync("INC-2");
        await ConflictAsync(AnchorConflict.OtherRoot);
        Assert.Single(await ConflictsAsync());
    }

    [Fact]
    public async Task A_log_older_than_its_contract_trusts_none_of_its_anchors()
    {
        await StartAsync();
        await FileAsync("INC-1");
        await AnchoredAsync("INC-1");
        await StopAsync();
        Copy("", "kept");
        await StartAsync();
        foreach (var number in Enumerable.Range(2, 8))
        {
            await FileAsync($"INC-{number}");
        }

        await AnchoredAsync("INC-9");
        await StopAsync();
        Copy("kept", "");
        var batches = await BatchesAsync();

        await StartAsync();
        await ConflictAsync(AnchorConflict.ContractAhead);
        Assert.Equal("anchored", await StatusAsync("INC-1")); // anchored before the copy, and so in both
        var position = (await real.ReadPositionAsync((await HeadAsync()).Origin, new InMemorySentTransactions(),
            CancellationToken.None)).Position;

        // Once the log is as long as before, its events are compared, and belong to another log.
        for (var number = 100; (await HeadAsync()).Size <= position + 8; number++)
        {
            await FileAsync($"INC-{number}");
        }

        await ConflictAsync(AnchorConflict.OtherRoot);
        Assert.Equal("pending", await StatusAsync("INC-100"));
        Assert.Equal(2, (await ConflictsAsync()).Count);
        Assert.Equal(batches, await BatchesAsync());

        // A restart logs nothing twice.
        await StopAsync();
        await StartAsync();
        await ConflictAsync(AnchorConflict.OtherRoot);
        Assert.Equal(2, (await ConflictsAsync()).Count);
    }

    private async Task<int> BatchesAsync() => (await EntriesAsync()).Count(entry => entry.Kind == EntryKinds.AnchorBatched);

    private async Task StartAsync()
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) => silo.AddCap(directory, _ => contract));
        cluster = builder.Build();
        await cluster.DeployAsync();
        var key = new KeyDefinition(reporter.Address.ToString(), null, null, null);
        await cluster.Client.Cap(CapId).DefineAsync(new CapDefinition(null, null, null, null, [key]), Actor.Service);
    }

    private async Task StopAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
            cluster = null;
            SqliteConnection.ClearAllPools();
        }
    }

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.Combine(directory.Path, to));
        foreach (var file in Directory.GetFiles(Path.Combine(directory.Path, to), "log.db*"))
        {
            File.Delete(file);
        }

        foreach (var file in Directory.GetFiles(Path.Combine(directory.Path, from), "log.db*"))
        {
            File.Copy(file, Path.Combine(directory.Path, to, Path.GetFileName(file)));
        }
    }

    private async Task FileAsync(string id)
    {
        var report = TestIncident.Signed(reporter, CapId, id, TimeProvider.System.GetUtcNow()).Report();
        Assert.Equal(Verdict.Accepted, (await cluster!.Client.Incident(CapId, id).FileAsync(report)).Verdict);
    }

    private async Task<string> StatusAsync(string id) => (await cluster!.Client.Incident(CapId, id).ReadAsync())!.Anchor.Status;

    private Task AnchoredAsync(string id) => Eventually.TrueAsync(async () =>
    {
        await cluster!.Client.GetGrain<IAnchorerGrain>(0).NudgeAsync();
        return await StatusAsync(id) == "anchored";
    });

    private Task<Progress> ProgressAsync() => cluster!.Client.GetGrain<IAnchorerGrain>(0).ProgressAsync();

    /// <summary>
    /// Waits until the newest conflict has this reason and the contract has been queried three more times.
    /// </summary>
    private async Task ConflictAsync(string reason)
    {
        int? asked = null;
        await Eventually.TrueAsync(async () =>
        {
            await cluster!.Client.GetGrain<IAnchorerGrain>(0).NudgeAsync();
            if ((await ProgressAsync()).Conflict && await ConflictsAsync() is [.., var newest] && newest == reason)
            {
                asked ??= contract.Asked;
            }

            return contract.Asked >= asked + 3;
        });
        Assert.Equal(reason, (await ConflictsAsync())[^1]);
    }

    /// <summary>Waits until everything is anchored but the last entry, which is about anchoring itself.</summary>
    private async Task<(LogHead Head, long Position)> QuietAsync()
    {
        (LogHead Head, long Position) seen = default;
        await Eventually.TrueAsync(async () =>
        {
            await cluster!.Client.GetGrain<IAnchorerGrain>(0).NudgeAsync();
            var position = (await real.ReadPositionAsync((await HeadAsync()).Origin, new InMemorySentTransactions(),
                CancellationToken.None)).Position;
            seen = (await HeadAsync(), position);
            return seen.Head.Size == position + 1;
        });
        return seen;
    }

    private async Task<IReadOnlyList<string>> ConflictsAsync() =>
        [.. (await EntriesAsync()).Where(entry => entry.Kind == EntryKinds.AnchorConflict)
            .Select(entry => JsonElement.Parse(entry.Bytes).GetProperty("body").Text("reason"))];

    private async Task<LogHead> HeadAsync() => (await Reader().HeadAsync(0, default))!;

    private async Task<IReadOnlyList<LogEntry>> EntriesAsync() => (await Reader().ReadAsync(0, 0, 1000, default)).Entries;

    private SqliteLogReader Reader() => new(SqliteDatabase.Open(directory.File("log.db"), 1));

    /// <summary>Counts the queries for its position: one per pass.</summary>
    private sealed class Counted(IAnchorContract real) : WrappedContract(real)
    {
        private int asked;

        public int Asked => Volatile.Read(ref asked);

        /// <summary>Replaces the event that the node found. Takes the start of its range and the event.</summary>
        public Func<long, AnchorConfirmation, AnchorConfirmation>? Found { get; set; }

        public override async Task<AnchorConfirmation?> FindAsync(
            string logName, long from, BlockRange blocks, ISentTransactions sent, CancellationToken cancellationToken) =>
            await base.FindAsync(logName, from, blocks, sent, cancellationToken) is { } found ? Found?.Invoke(from, found) ?? found : null;

        public override Task<IReadOnlyList<ContractPosition>> ReadPositionsAsync(IReadOnlyList<string> logNames,
            ISentTransactions sent, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            return base.ReadPositionsAsync(logNames, sent, cancellationToken);
        }
    }
}
