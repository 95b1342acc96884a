using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Grains.AuditLog;

namespace CapOrleans.Tests.Grains.AuditLog;

/// <summary>Whom a commit wakes.</summary>
public sealed class ConcernedTests
{
    [Fact]
    public void An_incident_and_an_update_concern_the_webhooks_of_their_CapIDs()
    {
        var concerned = Concerned.By([Incident("WEB-01"), Incident("WEB-01"), Update("DB-01"), Of(EntryKinds.DeliverySucceeded)]);
        Assert.Equal((true, true), (concerned.Webhooks, concerned.Ladders));
        Assert.Equal(["WEB-01", "DB-01"], concerned.CapIds!);
    }

    [Theory]
    [InlineData(EntryKinds.IncidentPaged)]
    [InlineData(EntryKinds.SilenceEnded)]
    [InlineData(EntryKinds.AuditInaction)]
    public void A_page_may_concern_any_webhook_and_starts_no_escalation(string kind)
    {
        Assert.Equal((true, (IReadOnlyList<string>?)null), (Concerned.By([Of(kind)]).Webhooks, Concerned.By([Incident("WEB-01"),
            Of(kind)]).CapIds));
        Assert.False(Concerned.By([Of(kind)]).Ladders);
    }

    [Fact]
    public void What_is_delivered_to_nobody_concerns_nobody() =>
        Assert.Equal(new Concerned(false, [], false), Concerned.By([Of(EntryKinds.DeliverySucceeded), Of(EntryKinds.ArchiveBatched)]) with
        {
            CapIds = [],
        });

    private static Append Of(string kind) => new() { Entries = [Entry.Write(kind, "origin", DateTimeOffset.UnixEpoch,
        new CanonicalObject())] };

    private static Append Incident(string capId) => Of(EntryKinds.IncidentAccepted) with
    {
        Incident = new IncidentRow(capId, "I-1", new byte[32], 1, 0, DateTimeOffset.UnixEpoch),
    };

    private static Append Update(string capId) => Of(EntryKinds.IncidentAcknowledged) with { Update = new IncidentUpdateRow(capId, "I-1") };
}
