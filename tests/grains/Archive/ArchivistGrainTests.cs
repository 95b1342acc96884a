using System.Text.Json;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Archive;

public sealed class ArchivistGrainTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task An_incident_that_was_put_into_the_log_with_an_invented_proof_is_named_by_an_entry_and_in_the_archive_s_progress()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => silo.AddCap(directory, _ => new NoChain()));
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        var key = PrivateKey.Create();
        var cap = cluster.Client.Cap("Z-001");
        await cap.DefineAsync(new CapDefinition(null, null, null, null, [new KeyDefinition($"{key.Address}", null, null, null)]), Actor.Service);

        // As a process does that may call grains: the grain of a CapID trusts that the signature was checked before.
        var unsigned = TestIncident.Signed(key, "Z-001", "FORGED", TimeProvider.System.GetUtcNow()).Without("signature").Report();
        Assert.Equal(Verdict.Accepted, (await cap.AcceptAsync([new ProvenReport(unsigned, "identity-v1", $"{key.Address}", null)]))[0].Verdict);
        var honest = TestIncident.Signed(key, "Z-001", "HONEST", TimeProvider.System.GetUtcNow()).Report();
        Assert.Equal(Verdict.Accepted, (await cluster.Client.Incident("Z-001", "HONEST").FileAsync(honest)).Verdict);

        var archivist = cluster.Client.GetGrain<IArchivistGrain>(0);
        await Eventually.TrueAsync(async () =>
        {
            await archivist.NudgeAsync();
            return (await archivist.ProgressAsync()).Lag == 0;
        });
        var (entries, _) = await new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 1)).ReadAsync(0, 0, 1000, default);
        var body = JsonElement.Parse(Assert.Single(entries, entry => entry.Kind == EntryKinds.ProofFailed).Bytes).GetProperty("body");
        Assert.Equal(("FORGED", $"it is not signed by {key.Address}"), (body.Text("incidentId"), body.Text("rule")));
        Assert.Equal($"Entry {body.GetProperty("index")} does not prove what it says: it is not signed by {key.Address}.", (await archivist.ProgressAsync()).Trouble);
    }
}
