using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Grains.Anchors;

namespace CapOrleans.Tests.Grains.Anchors;

/// <summary>How much goes into one transaction.</summary>
public sealed class BatchBuilderTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private readonly PrivateKey key = PrivateKey.Create();
    private readonly BatchBuilder builder = new();

    [Fact]
    public void What_was_too_large_is_halved_and_grows_again_after_successes()
    {
        var entries = Entries(1200, "high");
        Assert.Equal([500, 1000, 1200], builder.TakeAll(0, entries).Select(batch => batch.To));
        for (var half = 500; half > 1; half /= 2)
        {
            Assert.True(builder.TryShrink(builder.TakeAll(0, entries)[0]));
            Assert.Equal(half / 2, builder.TakeAll(0, entries)[0].Incidents.Count);
        }

        Assert.False(builder.TryShrink(builder.TakeAll(0, entries)[0])); // a single incident cannot be halved
        for (var successes = 0; successes < 9; successes++)
        {
            builder.Grow();
        }

        Assert.Equal(500, builder.TakeAll(0, entries)[0].Incidents.Count);
    }

    [Fact]
    public void A_single_incident_loses_its_record_in_the_end_and_regains_it_after_a_success()
    {
        var entries = Entries(1, "critical");
        var whole = builder.TakeAll(0, entries)[0];
        Assert.Equal((1, 1, 0), (whole.Incidents.Count, whole.Records.Count, whole.WithoutFullRecord.Count));
        Assert.True(builder.TryShrink(whole));
        var bare = builder.TakeAll(0, entries)[0];
        Assert.Equal((1, 0, 1), (bare.Incidents.Count, bare.Records.Count, bare.WithoutFullRecord.Count));
        builder.Grow();
        Assert.Single(builder.TakeAll(0, entries)[0].Records);
    }

    private List<LogEntry> Entries(int count, string severity)
    {
        var context = new CapContext(
            "Z-001", 1, "Z-001", 50, 1.2m, 0.9m, [new SigningKey($"{key.Address}", ["reporter"], null, null, null)]);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var report = TestIncident.Signed(key, "Z-001", $"I-{i}", Now, incident => incident["severity"] = severity).Report();
            var proof = new Proof("identity-v1", $"{key.Address}");
            var accepted = AcceptedIncident.Of(report, proof, context, new AdmissionPolicy(false), Now);
            return new LogEntry(i, EntryKinds.IncidentAccepted, accepted.ToEntry("origin").Bytes);
        })];
    }
}
