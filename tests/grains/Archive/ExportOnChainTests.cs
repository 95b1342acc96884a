using System.Collections.Concurrent;
using System.Text.Json;
using CapOrleans.Archive;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Grains.Archive;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Grains.Archive;

/// <summary>Exports whose roots are stored on a real chain.</summary>
public sealed class ExportOnChainTests : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private KuboStandIn node = null!;
    private AnchoringSilo silo = null!;
    private DyingContract contract = null!;
    private DyingStore cars = null!;

    public async Task InitializeAsync()
    {
        node = await KuboStandIn.StartAsync();
        silo = await AnchoringSilo.CreateAsync();
        silo.Contract = contract = new DyingContract(silo.Contract);
        cars = new DyingStore(new KuboCarStore(new KuboRpc(http, node.Url), TimeProvider.System));
        silo.Configure = builder =>
        {
            builder.Services.AddSingleton<ICarStore>(cars);
            builder.Services.AddSingleton(new ExportSchedule(IsOn: true, HasChain: true, TimeSpan.Zero, 1 << 30));
        };
        await silo.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await node.DisposeAsync();
        http.Dispose();
    }

    [Fact]
    public async Task A_crash_between_any_two_steps_exports_once()
    {
        await silo.FileAsync("INC-0");
        Action[] deaths = [() => cars.Dies = Death.Before, () => cars.Dies = Death.After, () => contract.Dies = Death.Before, () => contract.Dies = Death.After];
        deaths[0]();
        for (var i = 0; i < deaths.Length; i++)
        {
            await Eventually.TrueAsync(async () =>
            {
                await silo.Exporter.NudgeAsync();
                return (cars.Dies, contract.Dies) == (Death.Never, Death.Never);
            });
            Assert.Empty(await silo.EntriesAsync(EntryKinds.ArchiveExported));
            deaths.ElementAtOrDefault(i + 1)?.Invoke(); // before the next activation starts
            await silo.EndExporterAsync();
            await silo.FileAsync($"INC-{i + 1}"); // the log grows meanwhile
        }

        var root = Assert.Single(node.Imported.Distinct()); // the same CAR each time, however long the log is
        var exported = await ExportedAsync(1);
        Assert.Equal((0L, root), (exported[0].GetProperty("from").GetInt64(), exported[0].Text("root")));

        await silo.EndExporterAsync(); // also after the entry
        exported = await ExportedAsync(2);
        Assert.Equal(exported[0].GetProperty("to").GetInt64(), exported[1].GetProperty("from").GetInt64());
        var stored = (await StoredAsync()).Take(exported.Count).ToList(); // the next one may be in progress
        Assert.Equal(exported.Select(body => body.Text("transaction")), stored.Select(log => log.Text("transactionHash")));
        Assert.Equal(exported.Select(body => (body.GetProperty("block").GetInt64(), body.Text("contract"))),
            stored.Select(log => ((long)JsonRpcClient.Quantity(log.GetProperty("blockNumber")), Checksummed(log.Text("address")))));
        Assert.All(exported.Zip(stored), pair => Assert.Contains(
            Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(pair.First.Text("root"))), pair.Second.Text("data"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_s_record_under_the_same_name_is_reported_and_not_trusted()
    {
        await silo.FileAsync("INC-1");
        contract.Instead = audit => audit with { Hash = new byte[32] };
        contract.Dies = Death.After;
        await Eventually.TrueAsync(async () =>
        {
            await silo.Exporter.NudgeAsync();
            return contract.Dies == Death.Never;
        });
        contract.Instead = audit => audit;
        await silo.EndExporterAsync();
        await Eventually.TrueAsync(async () =>
        {
            await silo.Exporter.NudgeAsync();
            return (await silo.Exporter.ProgressAsync()).LastError?.Contains("already has a different record with id", StringComparison.Ordinal) == true;
        });
        Assert.Empty(await silo.EntriesAsync(EntryKinds.ArchiveExported));
    }

    [Fact]
    public async Task An_export_is_logged_once_its_record_is_deep_and_searched_for_again_if_its_block_is_gone()
    {
        var time = new SiloTime();
        silo.Configure += builder => builder.Services.AddSingleton<TimeProvider>(time);
        await silo.StartAsync();
        foreach (var depth in (AnchorDepth[])[AnchorDepth.Included, AnchorDepth.Included, AnchorDepth.Reorganised, AnchorDepth.Included])
        {
            contract.Depths.Enqueue(depth);
        }

        await silo.FileAsync("INC-1");
        await Eventually.TrueAsync(async () =>
        {
            var before = contract.Depths.Count;
            if ((await silo.EntriesAsync(EntryKinds.ArchiveExported)).Count > 0)
            {
                Assert.Equal(0, before);
                return true;
            }

            time.Advance(TimeSpan.FromSeconds(5));
            await silo.Exporter.NudgeAsync();
            return false;
        });
        Assert.Equal(2, contract.StoresOfFirst);
        Assert.Equal(
            (await ExportedAsync(1))[0].Text("transaction"), (await StoredAsync())[0].Text("transactionHash")); // stored only once
    }

    private async Task<IReadOnlyList<JsonElement>> ExportedAsync(int count)
    {
        IReadOnlyList<string> entries = [];
        await Eventually.TrueAsync(async () =>
        {
            await silo.Exporter.NudgeAsync();
            return (entries = await silo.EntriesAsync(EntryKinds.ArchiveExported)).Count >= count;
        });
        return [.. entries.Select(entry => JsonElement.Parse(entry).GetProperty("body"))];
    }

    private async Task<IReadOnlyList<JsonElement>> StoredAsync() =>
        [.. (await silo.Chain.CallAsync("eth_getLogs", new { fromBlock = "0x0", toBlock = "latest", topics = new[] { CompiledContract.AuditStorage.Abi.Topic("AuditStored") } })).EnumerateArray()];

    private static string Checksummed(string address) =>
        CapOrleans.Core.Signatures.EthereumAddress.TryParse(address, out var parsed) ? $"{parsed}" : "";

    private enum Death
    {
        Never = 0,
        Before = 1,
        After = 2,
    }

    /// <summary>Fails once, as when the process dies.</summary>
    private sealed class DyingStore(ICarStore real) : ICarStore
    {
        public Death Dies { get; set; }

        public async Task ImportAsync(Cid root, IReadOnlyList<Cid> samples, Func<Stream, CancellationToken, Task> writeAsync, CancellationToken cancellationToken)
        {
            if (Dies != Death.Before)
            {
                await real.ImportAsync(root, samples, writeAsync, cancellationToken);
            }

            if (Dies != Death.Never)
            {
                Dies = Death.Never;
                throw new CarRefusedException("The process died.");
            }
        }
    }

    private sealed class DyingContract(IAnchorContract real) : WrappedContract(real)
    {
        public Death Dies { get; set; }

        public Func<ChainAudit, ChainAudit> Instead { get; set; } = audit => audit;

        /// <summary>Depths to report for the record's block before the chain is queried.</summary>
        public ConcurrentQueue<AnchorDepth> Depths { get; } = new();

        /// <summary>Number of calls to store the first record.</summary>
        public int StoresOfFirst { get; private set; }

        private string? First { get; set; }

        private string? Block { get; set; } // that contains the record

        public override Task<AnchorStatus> ReadStatusAsync(long block, string blockHash, CancellationToken cancellationToken) =>
            blockHash == Block && Depths.TryDequeue(out var depth) ? Task.FromResult(new AnchorStatus(depth, default))
                : base.ReadStatusAsync(block, blockHash, cancellationToken);

        public override async Task<AnchorConfirmation> StoreAuditAsync(ChainAudit audit, ISentTransactions sent, CancellationToken cancellationToken)
        {
            var confirmed = Dies == Death.Before ? null : await base.StoreAuditAsync(Instead(audit), sent, cancellationToken);
            First ??= audit.Id;
            StoresOfFirst += audit.Id == First ? 1 : 0;
            Block = confirmed?.BlockHash;
            if (Dies == Death.Never)
            {
                return confirmed!;
            }

            Dies = Death.Never;
            throw new ChainUnavailableException("The process died.");
        }
    }
}
