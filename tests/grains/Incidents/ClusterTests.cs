using CapOrleans.Contracts.Access;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Chain;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.MerkleTree;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Incidents;

/// <summary>Three silos over one database, each with a log writer of its own.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private const int Logs = 3;

    private readonly TempDirectory directory = new();
    private InProcessTestCluster cluster = null!;

    public async Task InitializeAsync()
    {
        var builder = TestSilo.Builder(3);
        builder.ConfigureSilo((_, silo) => silo.AddCap(directory, _ => new NoChain(), Logs));
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task On_whatever_silo_it_arrives_an_incident_is_accepted_once_even_if_a_silo_dies()
    {
        var key = PrivateKey.Create();
        var capIds = Enumerable.Range(0, 6).Select(i => $"CAP-{i}").ToList();
        foreach (var capId in capIds)
        {
            var ruling = await cluster.Client.Cap(capId).DefineAsync(
                new CapDefinition(null, null, null, null, [new KeyDefinition(key.Address.ToString(), null, null, null)]), Actor.Service);
            Assert.Equal(CapVerdict.Registered, ruling.Verdict);
        }

        var reports = capIds.SelectMany(capId => Enumerable.Range(0, 30).Select(i =>
            TestIncident.Signed(key, capId, $"I-{i}", TimeProvider.System.GetUtcNow()).Report())).ToList();
        var first = await Task.WhenAll(reports.Concat(reports).Select(FileAsync));
        Assert.Equal(reports.Count, first.Count(ruling => ruling.Verdict == Verdict.Accepted));
        Assert.Equal(reports.Count, first.Count(ruling => ruling.Verdict == Verdict.AlreadyAccepted));

        await cluster.KillSiloAsync(cluster.Silos[1]);
        var late = TestIncident.Signed(key, "CAP-0", "I-late", TimeProvider.System.GetUtcNow()).Report();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await FileAsync(late)).Receipt is not null;
            }
            catch (Exception fault) when (fault is Orleans.Runtime.OrleansException or TimeoutException)
            {
                return false; // the API would answer this with 503
            }
        });
        foreach (var report in reports)
        {
            Assert.Equal(Verdict.AlreadyAccepted, (await FileAsync(report)).Verdict);
        }

        var accepted = await WholeLog.AssertAsync(directory.Path, Logs);
        Assert.Equal(reports.Count + 1, accepted.Count);
        Assert.All(accepted.GroupBy(incident => incident.Incident.CapId), cap => Assert.Single(cap.Select(incident => incident.Origin).Distinct()));
    }

    private Task<Ruling> FileAsync(IncidentReport report) =>
        cluster.Client.Incident(report.CapId, report.IncidentId).FileAsync(report);
}
