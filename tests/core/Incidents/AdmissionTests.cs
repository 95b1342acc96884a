using System.Text.Json.Nodes;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.Incidents;

public sealed class AdmissionTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly PrivateKey Reporter = PrivateKey.Create();
    private static readonly AdmissionPolicy Strict = new(AcceptUnsigned: false);

    [Fact]
    public void A_signed_report_of_an_active_key_passes()
    {
        var report = TestIncident.Signed(Reporter, "Z-001", "INC-1", Now).Report();
        var (proof, refused) = Admission.Prove(report, Strict);
        Assert.Null(refused);
        Assert.Equal(Reporter.Address.ToString(), proof!.Signer);
        Assert.Null(Admission.Judge(Context(), report, proof, Now));
    }

    [Fact]
    public void An_unsigned_report_is_refused_unless_the_policy_takes_it()
    {
        var report = TestIncident.Signed(Reporter, "Z-001", "INC-1", Now).Also(incident => incident.Remove("signature")).Report();
        Assert.Equal(Verdict.Unauthorised, Admission.Prove(report, Strict).Refused!.Verdict);
        var (proof, refused) = Admission.Prove(report, new AdmissionPolicy(AcceptUnsigned: true));
        Assert.Null(refused);
        Assert.Equal((Admission.Unverified, null), (proof!.Scheme, proof.Signer));
    }

    [Fact]
    public void A_signature_over_other_content_is_not_the_claimed_signer_s()
    {
        var report = TestIncident.Signed(Reporter, "Z-001", "INC-1", Now).Also(incident => incident["agent"] = "other").Report();
        Assert.Equal("signature-mismatch", Admission.Prove(report, Strict).Refused!.Refusal!.Type);
    }

    [Fact]
    public void A_claimed_signer_that_is_no_address_is_named()
    {
        var report = TestIncident.Signed(Reporter, "Z-001", "INC-1", Now).Also(incident => incident["signer"] = "0x12").Report();
        Assert.Equal("signer", Admission.Prove(report, Strict).Refused!.Refusal!.Field);
    }

    [Fact]
    public void An_unregistered_CapID_is_unknown() => Assert.Equal(Verdict.CapUnknown, Judge(null).Verdict);

    [Theory]
    [InlineData("another key", "must be a key of the CapID")]
    [InlineData("revoked", "was revoked at")]
    [InlineData("revoked by a clock ahead of ours", "was revoked at")]
    [InlineData("a contract wallet that was not asked", "verified by the contract")]
    [InlineData("not yet valid", "must not sign before")]
    [InlineData("expired", "must sign before")]
    [InlineData("wrong role", "must have the role reporter")]
    public void A_key_that_may_not_report_is_refused(string why, string rule)
    {
        var key = new SigningKey(Reporter.Address.ToString(), ["reporter"], null, null, null);
        var ruling = Judge(Context(why switch
        {
            "another key" => key with { Address = PrivateKey.Create().Address.ToString() },
            "revoked" => key with { RevokedAt = Now },
            "revoked by a clock ahead of ours" => key with { RevokedAt = Now.AddSeconds(2) },
            "a contract wallet that was not asked" => key with { IsContract = true },
            "not yet valid" => key with { NotBefore = Now.AddSeconds(1) },
            "expired" => key with { NotAfter = Now },
            _ => key with { Roles = ["responder"] },
        }));
        Assert.Equal(Verdict.Unauthorised, ruling.Verdict);
        Assert.Contains(rule, ruling.Refusal!.Rule, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(301, false)]
    [InlineData(300, true)]
    [InlineData(-604800, true)]
    [InlineData(-604801, false)]
    public void A_signed_time_must_lie_near_ours(int secondsAhead, bool accepted)
    {
        var report = TestIncident.Signed(Reporter, "Z-001", "INC-1", Now.AddSeconds(secondsAhead)).Report();
        var ruling = Admission.Judge(Context(), report, Admission.Prove(report, Strict).Proof!, Now);
        Assert.Equal(accepted, ruling is null);
        Assert.True(accepted || ruling!.Refusal!.Field == "timestamp");
    }

    [Fact]
    public void A_CapID_may_take_full_signatures_only_and_set_its_own_tolerance()
    {
        var strict = Context() with { Policy = new CapPolicy(RequireFullSignature: true, MaxBehindSeconds: 60, MaxAheadSeconds: 0) };
        Assert.Equal("full-signature-required", Judge(strict).Refusal!.Type);
        foreach (var (seconds, accepted) in new[] { (-60, true), (-61, false), (0, true), (1, false) })
        {
            var report = TestIncident.Signed(Reporter, "Z-001", "INC-1", Now.AddSeconds(seconds)).SignFull(Reporter).Report();
            Assert.Equal(accepted, Admission.Judge(strict, report, Admission.Prove(report, Strict).Proof!, Now) is null);
        }
    }

    [Theory]
    [InlineData("critcal", false, false, false)]
    [InlineData("critcal", true, false, true)]
    [InlineData("critcal", false, true, true)]
    [InlineData("CRITICAL", false, false, true)]
    public void An_unknown_severity_is_accepted_if_the_policy_allows_it_or_the_call_is_a_legacy_one(
        string severity, bool isFree, bool isLegacy, bool isTaken)
    {
        var report = TestIncident.Signed(Reporter, "Z-001", "INC-1", Now, incident => incident["severity"] = severity).Report()
            with { TakesAnySeverity = isLegacy };
        var ruling = Admission.Judge(
            Context() with { Policy = new CapPolicy(FreeSeverity: isFree) }, report, Admission.Prove(report, Strict).Proof!, Now);
        Assert.Equal(isTaken, ruling is null);
        Assert.True(isTaken || ruling is { Verdict: Verdict.Malformed, Refusal: { Type: "invalid-field", Field: "severity" } });
    }

    [Fact]
    public void An_unsigned_report_is_never_the_same_as_a_signed_one()
    {
        var signed = TestIncident.Signed(Reporter, "Z-001", "INC-1", Now).SignFull(Reporter).Report();
        Assert.Equal(Admission.ContentHash(signed, signed.Scheme, 1), Admission.SignedHash(signed, 1));
        Assert.NotEqual(Admission.ContentHash(signed, signed.Scheme, 1), Admission.ContentHash(signed, Admission.Unverified, 1));
    }

    private static Ruling Judge(CapContext? context)
    {
        var report = TestIncident.Signed(Reporter, "Z-001", "INC-1", Now).Report();
        return Admission.Judge(context, report, Admission.Prove(report, Strict).Proof!, Now)!;
    }

    private static CapContext Context(SigningKey? key = null) => new(
        "Z-001", 1, "Z-001", 50m, 1.2m, 0.9m, [key ?? new SigningKey(Reporter.Address.ToString(), ["reporter"], null, null, null)]);
}

internal static class JsonObjectChanges
{
    public static JsonObject Also(this JsonObject incident, Action<JsonObject> change)
    {
        change(incident);
        return incident;
    }
}
