using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;
using CapOrleans.Tests.Core.Incidents;

namespace CapOrleans.Tests.Grains.Archive;

public sealed class ArchivistGrainTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_writer_with_append_rights_forges_nothing_unnoticed_and_blocks_no_archiving()
    {
        await using var cluster = await StartAsync();
        var (key, now) = (PrivateKey.Create(), TimeProvider.System.GetUtcNow());
        await cluster.Client.Cap("Z-001").DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition($"{key.Address}", null, null, null)]), Actor.Service);
        var log = cluster.Client.GetGrain<IAuditLogGrain>(0);
        var origin = (await log.HeadAsync()).Origin;
        var context = new CapContext("Z-001", 1, "Z-001", 50m, 1.2m, 0.9m, []);
        async Task ForgeAsync(string id, Proof proof, JsonObject incident, CapContext judgedBy)
        {
            var forged = AcceptedIncident.Of(incident.Report(), proof, judgedBy, new AdmissionPolicy(AcceptUnsigned: true, proof.Scheme == "full-v2" ? 1 : AdmissionPolicy.DevChainId), now);
            var row = new IncidentRow("Z-001", id, Convert.FromHexString(forged.AuditHash), 0, forged.DeltaCap, now);
            Assert.Equal(AppendVerdict.Appended, (await log.AppendAsync(new Append { Entries = [forged.ToEntry(origin)], Incident = row })).Verdict);
        }

        JsonObject Signed(string id) => TestIncident.Signed(key, "Z-001", id, now);
        var invented = Signed("WALLET").SignFull(key).Also(incident => incident["signature"] = "0x01");
        await ForgeAsync("WALLET", new Proof("full-v2", $"{key.Address}", new ChainBlock(1, "0x" + new string('0', 64))), invented, context);
        await ForgeAsync("NOBODY", new Proof("unverified", null), Signed("NOBODY").Without("signature"), context);
        await ForgeAsync("CHAIN", new Proof("full-v2", $"{key.Address}"), Signed("CHAIN").SignFull(key, chainId: 1), context);
        await ForgeAsync("NUMBERS", new Proof("identity-v1", $"{key.Address}"), Signed("NUMBERS"), context with { Psi = 1000m });
        await ForgeAsync("FUTURE", new Proof("identity-v1", $"{key.Address}"), Signed("FUTURE"), context with { Version = 99 });
        var poison = Entry.Write(EntryKinds.IncidentAccepted, origin, now, new CanonicalObject().Add("capId", "Z-001").Add("deltaCap", "0").Add("incidentId", "POISON"));
        await log.AppendAsync(new Append { Entries = [poison], Incident = new IncidentRow("Z-001", "POISON", [1], 0, 0m, now) });
        Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident("Z-001", "HONEST").FileAsync(Signed("HONEST").Report())).Verdict);

        await CaughtUpAsync(cluster);
        Assert.Equal(["", "CHAIN", "FUTURE", "NOBODY", "NUMBERS", "WALLET"], (await FailedAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_incident_that_was_put_into_the_log_with_an_invented_proof_is_named_by_an_entry_and_in_the_archive_s_progress()
    {
        await using var cluster = await StartAsync();
        var key = PrivateKey.Create();
        var cap = cluster.Client.Cap("Z-001");
        await cap.DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition($"{key.Address}", null, null, null)]), Actor.Service);

        // As a process that can call grains could do it: a CapID's grain trusts that the signature was verified before.
        var unsigned = TestIncident.Signed(key, "Z-001", "FORGED", TimeProvider.System.GetUtcNow()).Without("signature").Report();
        Assert.Equal(Verdict.Accepted, (await cap.AcceptAsync([new ProvenReport(unsigned, "identity-v1", $"{key.Address}", null)]))[0].Verdict);
        var honest = TestIncident.Signed(key, "Z-001", "HONEST", TimeProvider.System.GetUtcNow()).Report();
        Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident("Z-001", "HONEST").FileAsync(honest)).Verdict);

        var archivist = cluster.Client.GetGrain<IArchivistGrain>(0);
        await CaughtUpAsync(cluster);
        var (entries, _) = await new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 1)).ReadAsync(0, 0, 1000, default);
        var body = JsonElement.Parse(Assert.Single(entries, entry => entry.Kind == EntryKinds.ProofFailed).Bytes).GetProperty("body");
        Assert.Equal(("FORGED", $"it is not signed by {key.Address}"), (body.Text("incidentId"), body.Text("rule")));
        Assert.Equal($"The proof of entry {body.GetProperty("index")} is invalid: it is not signed by " +
            $"{key.Address}.", (await archivist.ProgressAsync()).LastError);
    }

    [Fact]
    public async Task An_incident_that_nobody_signs_is_named_unless_an_integration_or_a_heartbeat_filed_it()
    {
        await using var cluster = await StartAsync();
        var (cap, key) = (cluster.Client.Cap("Z-001"), PrivateKey.Create());
        var reporter = new KeyDefinition($"{key.Address}", null, null, null);
        await cap.DefineAsync(new CapDefinition(null, null, null, null, [reporter]), Actor.Service);
        foreach (var (id, by) in ((string, IntegrationReference?)[])
            [("FOREIGN", new IntegrationReference("1f0c22ab", "prometheus")), ("NOBODY", null)])
        {
            var report = TestIncident.Signed(key, "Z-001", id, TimeProvider.System.GetUtcNow()).Without("signature").Report();
            var ruling = await cap.AcceptAsync([new ProvenReport(report, Admission.Unverified, null, null, by)]);
            Assert.Equal(Verdict.Accepted, ruling[0].Verdict);
        }

        await CaughtUpAsync(cluster);
        Assert.Equal(["NOBODY"], await FailedAsync());
    }

    [Fact]
    public async Task An_archive_outage_keeps_no_forged_incident_from_being_named()
    {
        await using var cluster = await StartAsync(new Away());
        var key = PrivateKey.Create();
        var cap = cluster.Client.Cap("Z-001");
        await cap.DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition($"{key.Address}", null, null, null)]), Actor.Service);
        var unsigned = TestIncident.Signed(key, "Z-001", "FORGED", TimeProvider.System.GetUtcNow()).Without("signature").Report();
        Assert.Equal(Verdict.Accepted, (await cap.AcceptAsync([new ProvenReport(unsigned, "identity-v1", $"{key.Address}", null)]))[0].Verdict);
        await Eventually.TrueAsync(async () =>
        {
            var archivist = cluster.Client.GetGrain<IArchivistGrain>(0);
            await archivist.NudgeAsync();
            return await archivist.ProgressAsync() is { Conflict: true, LastError: { } lastError } && lastError.Contains("it is not signed by", StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Moving_the_archive_s_offset_past_a_forged_incident_does_not_hide_it()
    {
        await using var cluster = await StartAsync();
        var (key, now) = (PrivateKey.Create(), TimeProvider.System.GetUtcNow());
        await cluster.Client.Cap("Z-001").DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition($"{key.Address}", null, null, null)]), Actor.Service);
        Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident("Z-001", "HONEST").FileAsync(TestIncident.Signed(key, "Z-001", "HONEST", now).Report())).Verdict);
        await CaughtUpAsync(cluster);
        var reader = new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 1));
        var log = cluster.Client.GetGrain<IAuditLogGrain>(0);
        for (var round = 1; round <= 2; round++)
        {
            var (head, offset) = (await log.HeadAsync(), await reader.PositionAsync(0, "archive", default));
            var forged = Entry.Write(EntryKinds.IncidentAccepted, head.Origin, now, new CanonicalObject().Add("capId", "Z-001").Add("deltaCap", "0").Add("incidentId", $"F{round}"));
            Assert.Equal(AppendVerdict.Appended, (await log.AppendAsync(new Append
            {
                Entries = [forged],
                Incident = new IncidentRow("Z-001", $"F{round}", [(byte)round], 0, 0m, now),
                Offset = new OffsetCommit("archive", offset, head.Size + 1),
            })).Verdict);
            await Eventually.TrueAsync(async () =>
            {
                await cluster.Client.GetGrain<IArchivistGrain>(0).NudgeAsync();
                return (await FailedAsync()).Count == round;
            });
        }
    }

    [Fact]
    public async Task A_store_that_failed_gets_a_second_of_backoff_however_often_the_log_grows()
    {
        var (time, away) = (new SiloTime(), new Away());
        await using var cluster = await StartAsync(away, time);
        var key = PrivateKey.Create();
        await cluster.Client.Cap("Z-001").DefineAsync(
            new CapDefinition(null, null, null, null, [new KeyDefinition($"{key.Address}", null, null, null)]), Actor.Service);
        var honest = TestIncident.Signed(key, "Z-001", "HONEST", time.GetUtcNow()).Report();
        Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident("Z-001", "HONEST").FileAsync(honest)).Verdict);
        var archivist = cluster.Client.GetGrain<IArchivistGrain>(0);
        Task AskedAsync(int times) => Eventually.TrueAsync(async () =>
        {
            await archivist.NudgeAsync();
            return (await archivist.ProgressAsync()).LastError is not null && away.Asked >= times;
        });
        await AskedAsync(1);
        for (var i = 0; i < 20; i++)
        {
            await archivist.NudgeAsync();
            await archivist.ProgressAsync();
        }

        Assert.Equal(1, away.Asked);
        time.Advance(TimeSpan.FromSeconds(1));
        await AskedAsync(2);
        Assert.Equal(2, away.Asked);
    }

    private async Task<InProcessTestCluster> StartAsync(IBlockStore? blocks = null, TimeProvider? time = null)
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => new NoChain());
            silo.Services.AddSingleton(time ?? TimeProvider.System);
            if (blocks is not null)
            {
                silo.Services.AddSingleton(blocks);
            }
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    private static Task CaughtUpAsync(InProcessTestCluster cluster) => Eventually.TrueAsync(async () =>
    {
        var archivist = cluster.Client.GetGrain<IArchivistGrain>(0);
        await archivist.NudgeAsync();
        return (await archivist.ProgressAsync()).Lag == 0;
    });

    private async Task<IReadOnlyList<string>> FailedAsync() =>
        [.. (await new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 1)).ReadAsync(0, 0, 1000, default)).Entries
            .Where(entry => entry.Kind == EntryKinds.ProofFailed).Select(entry => JsonElement.Parse(entry.Bytes).GetProperty("body").Text("incidentId"))];

    private sealed class Away : IBlockStore
    {
        private int asked;

        public int Asked => Volatile.Read(ref asked);

        public Task PutAsync(IReadOnlyList<Block> blocks, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            throw new IOException("No answer.");
        }

        public Task<byte[]?> FindAsync(Cid cid, CancellationToken cancellationToken) => throw new IOException("No answer.");
    }
}
