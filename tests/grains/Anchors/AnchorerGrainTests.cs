using CapOrleans.Contracts.Access;
using System.Text.Json;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Anchors;

public sealed class AnchorerGrainTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_crash_after_sending_anchors_once()
    {
        using var chain = await DevChain.StartAsync();
        using var http = new HttpClient();
        var options = new ChainOptions(31337, PrivateKey.Create(), null, IsDevChain: true);
        var contract = new LostAnswer(new AnchorContract(new JsonRpcClient(http, chain.Url), options, TimeProvider.System));
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) => silo.AddCap(directory, _ => contract));
        await using var cluster = builder.Build();
        await cluster.DeployAsync();

        var key = PrivateKey.Create();
        await cluster.Client.Cap("Z-001").DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition(key.Address.ToString(), null, null, null)]), Actor.Service);
        var report = TestIncident.Signed(key, "Z-001", "INC-1", TimeProvider.System.GetUtcNow(), incident => incident["severity"] = "critical").Report();
        Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident("Z-001", "INC-1").FileAsync(report)).Verdict);

        await Eventually.TrueAsync(async () =>
        {
            await cluster.Client.GetGrain<IAnchorerGrain>(0).NudgeAsync();
            return (await cluster.Client.Incident("Z-001", "INC-1").ReadAsync())!.Anchor.Status == "anchored";
        });
        var anchor = (await cluster.Client.Incident("Z-001", "INC-1").ReadAsync())!.Anchor;
        var seen = JsonElement.Parse(await Child.RunAsync(
            "node", Repository.File("tests", "clients", "read-chain.mjs"), chain.Url.ToString(), anchor.Contract!, "INC-1", "Z-001"));
        Assert.Single(seen.GetProperty("events").EnumerateArray());
        var (entries, _) = await new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 1)).ReadAsync(0, 0, 1000, default);
        Assert.Single(entries, entry => entry.Kind == EntryKinds.AnchorBatched && JsonElement.Parse(entry.Bytes).GetProperty("body").GetProperty("from").GetInt64() == 0);
    }

    /// <summary>Sends for real and then fails once, as when a process dies before it gets the answer.</summary>
    private sealed class LostAnswer(IAnchorContract real) : WrappedContract(real)
    {
        private int sent;

        public override async Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(IReadOnlyList<AnchorBatch> batches, ISentTransactions sent, CancellationToken cancellationToken)
        {
            var confirmed = await base.AnchorAsync(batches, sent, cancellationToken);
            return ++this.sent == 1 ? throw new ChainUnavailableException("The answer was lost.") : confirmed;
        }
    }
}
