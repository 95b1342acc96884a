using System.Text.Json;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Anchors;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Anchors;

/// <summary>A log over a chain that forgets, lies behind, refuses and reorganises: every entry is anchored, each incident once.</summary>
public sealed class UnreliableChainTests : IAsyncLifetime
{
    private const string CapId = "Z-001";

    private readonly TempDirectory directory = new();
    private readonly FaultyNode node = new();
    private readonly PrivateKey reporter = PrivateKey.Create();
    private HttpClient http = null!;
    private DevChain chain = null!;
    private Sometimes contract = null!;
    private InProcessTestCluster cluster = null!;
    private long gasPerDay;

    public async Task InitializeAsync()
    {
        http = new HttpClient(node);
        chain = await DevChain.StartAsync();
        await chain.CallAsync("anvil_mine", "0x10");
        var options = new ChainOptions(31337, PrivateKey.Create(), null, IsDevChain: true) { BumpInterval = TimeSpan.FromMilliseconds(300) };
        contract = new Sometimes(new AnchorContract(new JsonRpcClient(http, chain.Url), options, TimeProvider.System));
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        SqliteConnection.ClearAllPools();
        chain.Dispose();
        http.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task A_backend_that_lies_behind_loses_no_anchor()
    {
        await StartAsync();
        await FileAsync("INC-1");
        await AnchoredAsync("INC-1");
        contract.Behind = 5; // whoever is asked next knows nothing of the newest block
        contract.Refuses = true;
        await FileAsync("INC-2");
        await AnchoredAsync("INC-2");
        Assert.Equal(0, contract.Behind);
        Assert.Empty(await EntriesAsync(EntryKinds.AnchorLost));
        await EachOnceAsync("INC-1", "INC-2");
    }

    [Fact]
    public async Task A_reorganisation_behind_an_anchor_is_said_and_the_range_is_anchored_again()
    {
        await StartAsync();
        await FileAsync("INC-1");
        await AnchoredAsync("INC-1");
        await chain.CallAsync("anvil_mine", "0xa");
        var kept = await BlocksAsync();
        foreach (var id in (string[])["INC-2", "INC-3"])
        {
            await FileAsync(id);
            await AnchoredAsync(id);
        }

        await chain.CallAsync("anvil_reorg", await BlocksAsync() - kept, Array.Empty<object>());
        await FileAsync("INC-4");
        await AnchoredAsync("INC-4");
        await AnchoredAsync("INC-2");
        Assert.NotEmpty(await EntriesAsync(EntryKinds.AnchorLost));
        await EachOnceAsync("INC-1", "INC-2", "INC-3", "INC-4");
    }

    [Fact]
    public async Task Batches_that_the_chain_calls_too_large_are_halved_and_a_record_that_never_fits_is_passed_over()
    {
        const int Few = 2000; // digits: three incidents, and none with its full record
        node.Before = (method, parameters, _) => method == "eth_estimateGas" && parameters[0].TryGetProperty("to", out var to) && parameters[0].Text("data").Length > Few
            ? FaultyNode.Error(-32000, "gas required exceeds allowance (16777216)") : null;
        await StartAsync();
        var ids = Enumerable.Range(1, 20).Select(i => $"INC-{i}").ToArray();
        foreach (var id in ids)
        {
            await FileAsync(id, id == "INC-7" ? "critical" : "high", id == "INC-7" ? new string('x', 200) : "capos.test");
        }

        foreach (var id in ids)
        {
            await AnchoredAsync(id);
        }

        await EachOnceAsync(ids);
        Assert.Contains("INC-7", Assert.Single(await EntriesAsync(EntryKinds.AnchorRecordSkipped)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_incident_is_covered_by_an_anchored_root_as_well()
    {
        await StartAsync();
        await cluster.Client.Cap(CapId).DefineAsync(new CapDefinition(null, null, null, null, [Key(PrivateKey.Create())]), Actor.Service);
        var size = (await Reader().HeadAsync(0, default))!.Size;
        await Eventually.TrueAsync(async () =>
        {
            await cluster.Client.GetGrain<IAnchorerGrain>(0).NudgeAsync();
            return (await cluster.Client.GetGrain<IAnchorerGrain>(0).ProgressAsync()).Position >= size && (await EntriesAsync(EntryKinds.AnchorBatched)).Count > 0;
        });
    }

    [Fact]
    public async Task While_there_is_nothing_to_do_the_node_is_left_alone()
    {
        await StartAsync();
        await FileAsync("INC-1");
        await AnchoredAsync("INC-1");
        var asked = 0;
        await Eventually.TrueAsync(async () => // what the archive says comes after
        {
            var before = node.Asked.Count;
            for (var i = 0; i < 50; i++)
            {
                await cluster.Client.GetGrain<IAnchorerGrain>(0).NudgeAsync();
            }

            return (asked = node.Asked.Count - before) == 0;
        });
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task When_the_day_s_gas_is_used_up_anchors_wait_and_say_so()
    {
        gasPerDay = 1;
        await StartAsync();
        await FileAsync("INC-1");
        await AnchoredAsync("INC-1");
        await FileAsync("INC-2");
        await Eventually.TrueAsync(async () =>
        {
            await cluster.Client.GetGrain<IAnchorerGrain>(0).NudgeAsync();
            return (await cluster.Client.GetGrain<IAnchorerGrain>(0).ProgressAsync()).Trouble?.Contains("Chain__GasPerDay is 1", StringComparison.Ordinal) == true;
        });
        Assert.Single(await EntriesAsync(EntryKinds.AnchorBatched));
    }

    private async Task StartAsync()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => contract);
            silo.Services.AddSingleton(new GasBudget(gasPerDay));
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
        await cluster.Client.Cap(CapId).DefineAsync(new CapDefinition(null, null, null, null, [Key(reporter)]), Actor.Service);
    }

    private async Task<long> BlocksAsync() => (long)JsonRpcClient.Quantity(await chain.CallAsync("eth_blockNumber"));

    private static KeyDefinition Key(PrivateKey key) => new(key.Address.ToString(), null, null, null);

    private async Task FileAsync(string id, string severity = "high", string agent = "capos.test")
    {
        var report = TestIncident.Signed(reporter, CapId, id, TimeProvider.System.GetUtcNow(), incident =>
        {
            incident["severity"] = severity;
            incident["agent"] = agent;
        }).Report();
        Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident(CapId, id).FileAsync(report)).Verdict);
    }

    private Task AnchoredAsync(string id) => Eventually.TrueAsync(async () =>
    {
        await cluster.Client.GetGrain<IAnchorerGrain>(0).NudgeAsync();
        return (await cluster.Client.Incident(CapId, id).ReadAsync())!.Anchor.Status == "anchored";
    });

    /// <summary>As the chain has it.</summary>
    private async Task EachOnceAsync(params string[] ids)
    {
        var logs = (await chain.CallAsync("eth_getLogs", new { fromBlock = "0x0", toBlock = "latest" })).EnumerateArray()
            .Where(log => log.GetProperty("topics").GetArrayLength() == 3).Select(log => log.GetProperty("topics")[1].GetString()).ToList();
        foreach (var id in ids)
        {
            var key = JsonRpcClient.Hex(Keccak256.Hash(System.Text.Encoding.UTF8.GetBytes($"{CapId}/{id}")));
            Assert.Equal(1, logs.Count(topic => topic == key));
        }
    }

    private async Task<IReadOnlyList<string>> EntriesAsync(string kind) =>
        [.. (await Reader().ReadAsync(0, 0, 1000, default)).Entries.Where(entry => entry.Kind == kind).Select(entry => System.Text.Encoding.UTF8.GetString(entry.Bytes))];

    private SqliteLogReader Reader() => new(SqliteDatabase.Open(directory.File("log.db"), 1));

    /// <summary>One of several backends, of which some lie behind.</summary>
    private sealed class Sometimes(IAnchorContract real) : WrappedContract(real)
    {
        /// <summary>So many answers come from a backend that is one block behind.</summary>
        public int Behind { get; set; }

        /// <summary>The next batch is refused: so the contract is asked again.</summary>
        public bool Refuses { get; set; }

        public override async Task<ContractPosition> AnchoredAsync(string origin, ISentTransactions sent, CancellationToken cancellationToken)
        {
            var position = await base.AnchoredAsync(origin, sent, cancellationToken);
            return Behind-- > 0
                ? position with { Position = 0, Block = position.Block - 1, BlockAt = position.BlockAt - TimeSpan.FromSeconds(12), IsDevChain = false }
                : position with { Block = position.Block + (Behind = 0) };
        }

        public override Task<AnchorConfirmation> AnchorAsync(AnchorBatch batch, ISentTransactions sent, CancellationToken cancellationToken)
        {
            if (Refuses)
            {
                Refuses = false;
                throw new ChainUnavailableException("The answer was lost.");
            }

            return base.AnchorAsync(batch, sent, cancellationToken);
        }
    }
}
