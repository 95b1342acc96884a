using System.Text.Json;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Anchors;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Support;

/// <summary>A silo whose log is anchored on a real chain, behind a node that can be made to fail.</summary>
internal sealed class AnchoringSilo : IAsyncDisposable
{
    public const string CapId = "Z-001";

    private readonly TempDirectory directory = new();
    private readonly HttpClient http;
    private readonly int confirmations;
    private InProcessTestCluster? cluster;

    private AnchoringSilo(DevChain chain, int confirmations)
    {
        (Chain, http, this.confirmations) = (chain, new HttpClient(Node), confirmations);
        Contract = NewContract();
    }

    public DevChain Chain { get; }

    /// <summary>The key that the CapID is defined with at every start.</summary>
    public PrivateKey Reporter { get; } = PrivateKey.Create();

    public FaultyNode Node { get; } = new();

    /// <summary>Clock of the RPC client of the next contract.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>The contract as the silo sees it; set it before the silo starts.</summary>
    public IAnchorContract Contract { get; set; }

    /// <summary>Where the silo mirrors CapIDs; nowhere by default. Set it before the silo starts.</summary>
    public ICapMirror Mirror { get; set; } = new NoChain();

    /// <summary>Account that pays for anchors and for the mirror.</summary>
    public PrivateKey Writer { get; private set; } = null!;

    public long GasPerDay { get; set; }

    /// <summary>Additional silo configuration of a test.</summary>
    public Action<ISiloBuilder> Configure { get; set; } = _ => { };

    public IExporterGrain Exporter => cluster!.Client.GetGrain<IExporterGrain>(0);

    public IAnchorerGrain Anchorer => cluster!.Client.GetGrain<IAnchorerGrain>(0);

    public IMirrorGrain Mirrorer => cluster!.Client.GetGrain<IMirrorGrain>(0);

    public static async Task<AnchoringSilo> CreateAsync(int confirmations = 1)
    {
        var made = new AnchoringSilo(await DevChain.StartAsync(), confirmations);
        await made.Chain.CallAsync("anvil_mine", "0x10");
        return made;
    }

    /// <summary>
    /// Switches to a new contract from the next start on, as an operator does by setting CONTRACT_ADDRESS.
    /// </summary>
    public void UseOtherContract() => Contract = NewContract();

    public async Task StartAsync()
    {
        await StopAsync();
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => Contract);
            silo.Services.AddSingleton(new GasBudget(GasPerDay));
            silo.Services.AddSingleton(Mirror);
            Configure(silo);
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
        await DefineAsync(Reporter);
    }

    /// <summary>Deactivates the exporter; its stored state survives, as after a crash.</summary>
    public async Task EndExporterAsync() => await Exporter.AsReference<IGrainManagementExtension>().DeactivateOnIdle();

    /// <summary>Deactivates the chain grain; its stored state survives, as after a crash.</summary>
    public async Task EndChainAsync() =>
        await cluster!.Client.GetGrain<IChainGrain>(0).AsReference<IGrainManagementExtension>().DeactivateOnIdle();

    public async Task StopAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
            SqliteConnection.ClearAllPools();
        }
    }

    /// <summary>Copies the log's database, as a backup would. No silo may be running.</summary>
    public void BackUp() => Copy("", "backup");

    /// <summary>Replaces the log's database with the copy. No silo may be running.</summary>
    public void Restore() => Copy("backup", "");

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(directory.File(to));
        foreach (var file in Directory.GetFiles(directory.File(to), "log.db*"))
        {
            File.Delete(file);
        }

        foreach (var file in Directory.GetFiles(directory.File(from), "log.db*"))
        {
            File.Copy(file, Path.Combine(directory.File(to), Path.GetFileName(file)));
        }
    }

    /// <summary>Creates a contract client with a new writer, whose first transaction deploys the contract.</summary>
    private AnchorContract NewContract()
    {
        Writer = PrivateKey.Create();
        return new AnchorContract(new JsonRpcClient(http, Chain.Url, time: Time), Options(Writer), TimeProvider.System);
    }

    private ChainOptions Options(PrivateKey writer) =>
        new(31337, writer, null, IsDevChain: true) { BumpInterval = TimeSpan.FromMilliseconds(300), Confirmations = confirmations };

    /// <summary>
    /// Deploys a CapNFT owned by <paramref name="owner"/>; the silo mirrors into it from its next start on.
    /// </summary>
    /// <param name="writer">The account that may mirror into it; null for the silo's writer.</param>
    public async Task<EthereumAddress> UseCapNftAsync(PrivateKey owner, EthereumAddress? writer = null)
    {
        var made = await new ContractDeployment(new JsonRpcClient(http, Chain.Url), Options(owner), TimeProvider.System).DeployCapNftAsync(writer ?? Writer.Address, default);
        UseCapNft(made.Contract);
        return made.Contract;
    }

    /// <param name="address">Not checked; there may be another contract, or none.</param>
    public void UseCapNft(EthereumAddress address) => Mirror = new CapNft(new JsonRpcClient(http, Chain.Url), Options(Writer), address, TimeProvider.System);

    /// <summary>Defines the CapID with exactly these keys; its other keys are revoked.</summary>
    public Task DefineAsync(params PrivateKey[] keys) => DefineAsync(CapId, keys);

    public Task DefineAsync(string capId, params PrivateKey[] keys) => cluster!.Client.Cap(capId).DefineAsync(
        new CapDefinition(null, null, null, null, [.. keys.Select(key => new KeyDefinition(key.Address.ToString(), null, null, null))]), Actor.Service);

    public async Task FileAsync(string id, string severity = "high", string agent = "capos.test")
    {
        var report = TestIncident.Signed(Reporter, CapId, id, TimeProvider.System.GetUtcNow(), incident =>
        {
            incident["severity"] = severity;
            incident["agent"] = agent;
        }).Report();
        Assert.Equal(Verdict.Accepted, (await cluster!.Client.Incident(CapId, id).FileAsync(report)).Verdict);
    }

    public async Task<AnchorReference> AnchorOfAsync(string id) => (await cluster!.Client.Incident(CapId, id).ReadAsync())!.Anchor;

    public Task AnchoredAsync(string id) => ReachesAsync(id, "anchored");

    public Task ReachesAsync(string id, string status) => Eventually.TrueAsync(async () =>
    {
        await Anchorer.NudgeAsync();
        return (await AnchorOfAsync(id)).Status == status;
    });

    public async Task<long> BlocksAsync() => (long)JsonRpcClient.Quantity(await Chain.CallAsync("eth_blockNumber"));

    /// <summary>Asserts that the chain has exactly one event for each incident.</summary>
    public async Task EachOnceAsync(params string[] ids)
    {
        var logs = (await Chain.CallAsync("eth_getLogs", new { fromBlock = "0x0", toBlock = "latest" })).EnumerateArray()
            .Where(log => log.GetProperty("topics").GetArrayLength() == 3).Select(log => log.GetProperty("topics")[1].GetString()).ToList();
        foreach (var id in ids)
        {
            var key = JsonRpcClient.Hex(Keccak256.Hash(System.Text.Encoding.UTF8.GetBytes($"{CapId}/{id}")));
            Assert.Equal(1, logs.Count(topic => topic == key));
        }
    }

    public async Task<IReadOnlyList<string>> EntriesAsync(string kind) =>
        [.. (await Reader().ReadAsync(0, 0, 1000, default)).Entries.Where(entry => entry.Kind == kind).Select(entry => System.Text.Encoding.UTF8.GetString(entry.Bytes))];

    public SqliteLogReader Reader() => new(SqliteDatabase.Open(directory.File("log.db"), 1));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Chain.Dispose();
        http.Dispose();
        await WholeLog.AssertAsync(directory.Path);
        directory.Dispose();
    }
}
