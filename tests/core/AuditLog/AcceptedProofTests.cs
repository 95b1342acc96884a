using System.Text.Json.Nodes;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.AuditLog;

/// <summary>An entry that was written without the checks is detected by recomputing what it states.</summary>
public sealed class AcceptedProofTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly PrivateKey Reporter = PrivateKey.Create(), Stranger = PrivateKey.Create();
    private static readonly CapContext Context = new("Z-001", 3, "Z-001", 50m, 1.2m, 0.9m, []);

    [Fact]
    public void A_proper_incident_verifies_under_either_scheme_and_after_a_round_trip_through_the_log()
    {
        Assert.Null(AcceptedProof.Fault(Written(Accept(Signed()))));
        Assert.Null(AcceptedProof.Fault(Written(Accept(Signed().SignFull(Reporter)))));
        Assert.Null(AcceptedProof.Fault(Written(Accept(Signed().SignFull(Reporter, chainId: 5), chainId: 5))));
    }

    [Fact]
    public void An_invented_proof_is_no_signature()
    {
        var unsigned = Signed().Without("signature");
        var invented = AcceptedIncident.Of(unsigned.Report(), new Proof("identity-v1", $"{Reporter.Address}"), Context, new AdmissionPolicy(false), Now);
        Assert.Equal($"it is not signed by {Reporter.Address}", AcceptedProof.Fault(Written(invented)));

        var anothers = AcceptedIncident.Of(
            TestIncident.Signed(Stranger, "Z-001", "INC-1", Now).Report(), new Proof("identity-v1", $"{Reporter.Address}"), Context, new AdmissionPolicy(false), Now);
        Assert.Equal($"it is not signed by {Reporter.Address}", AcceptedProof.Fault(Written(anothers)));

        var wallet = AcceptedIncident.Of(Signed().Report(), new Proof("identity-v1", $"{Reporter.Address}", new ChainBlock(7, "0x" + new string('0', 64))), Context, new AdmissionPolicy(false), Now);
        Assert.Equal($"it has no claim for the contract wallet {Reporter.Address}", AcceptedProof.Fault(Written(wallet)));

        var nobody = AcceptedIncident.Of(Signed().Report(), new Proof("unverified", null), Context, new AdmissionPolicy(false), Now);
        Assert.Equal("it names no signer", AcceptedProof.Fault(Written(nobody)));
    }

    [Fact]
    public void Every_field_that_differs_from_the_request_is_named()
    {
        var accepted = Accept(Signed());
        (AcceptedIncident Entry, string Field)[] changed =
        [
            (accepted with { IncidentId = "INC-2" }, "incidentId"), (accepted with { CapId = "Z-002" }, "capId"), (accepted with { Agent = "b" }, "agent"),
            (accepted with { TimestampText = "2026-11-24T12:00:01Z" }, "timestamp"), (accepted with { Description = "b" }, "description"),
            (accepted with { Feedback = 1m }, "feedback"), (accepted with { Misuse = 1m }, "misuse"), (accepted with { AuditHash = new string('0', 64) }, "auditHash"),
            (accepted with { Severity = "critical" }, "severity"),
        ];
        Assert.All(changed, pair => Assert.Equal($"its {pair.Field} differs from its request", AcceptedProof.Fault(pair.Entry)));
        Assert.Equal("it has both a signer and an integration", AcceptedProof.Fault(accepted with { Integration = new("1f0c22ab",
            "pager") }));
        Assert.Equal("its dCap is 1, but the formula gives -0.078", AcceptedProof.Fault(accepted with { DeltaCap = 1m }));
        Assert.StartsWith("its request is not valid", AcceptedProof.Fault(accepted with { Request = "{}" }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_follows_from_the_request_and_from_what_filed_it()
    {
        var incident = Signed();
        incident["dedup_key"] = "disk \"full\"";
        var accepted = Accept(incident);
        var grouped = accepted with { Group = GroupOf(accepted, null) };
        Assert.Null(AcceptedProof.Fault(Written(grouped)));
        Assert.Equal(grouped.Group, Written(grouped).Group);
        var group = grouped.Group!;
        IncidentGroup[] invented =
        [
            group with { Key = "cpu" }, group with { Id = new string('0',
                32) }, group with { IsNew = false }, group with { First = "INC-2" },
            group with { Rule = GroupRules.Agent, Key = accepted.Agent }, GroupOf(accepted, new IntegrationReference("1f0c22ab", "pager")),
        ];
        Assert.All(invented, one => Assert.Equal("its group differs from its request", AcceptedProof.Fault(grouped with { Group = one })));
        Assert.Equal("its group differs from its request", AcceptedProof.Fault(Accept(Signed()) with { Group = group }));
    }

    private static IncidentGroup GroupOf(AcceptedIncident incident, IntegrationReference? integration)
    {
        var (id, rule, key) = Grouping.Find("disk \"full\"", incident.Agent, incident.Severity, integration, CapPolicy.Default)!.Value;
        return new IncidentGroup(id, rule, key, incident.IncidentId, true);
    }

    private static JsonObject Signed() => TestIncident.Signed(Reporter, "Z-001", "INC-1", Now);

    private static AcceptedIncident Accept(JsonObject incident, long chainId = AdmissionPolicy.DevChainId)
    {
        var policy = new AdmissionPolicy(AcceptUnsigned: false, chainId);
        return AcceptedIncident.Of(incident.Report(), Admission.Prove(incident.Report(), policy).Proof!, Context, policy, Now);
    }

    private static AcceptedIncident Written(AcceptedIncident incident) => AcceptedIncident.Read(incident.ToEntry("log").Bytes);
}
