using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.Caps;

/// <summary>A single change of a context, and who may make it.</summary>
public sealed class ContextChangeTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly PrivateKey Admin = PrivateKey.Create();
    private static readonly PrivateKey Reporter = PrivateKey.Create();
    private static readonly string Hash = new('a', 64);
    private static readonly CapContext Held = new("Z", 3, "Z", 50m, 1.2m, 0.9m, [Key(Admin, "admin"), Key(Reporter, "reporter")]);

    [Fact]
    public void An_admin_key_signs_for_its_CapID()
    {
        var (authority, refusal) = Authority.Of(Held, Request(Admin), "o", Now);
        Assert.Null(refusal);
        Assert.Equal(Admin.Address.ToString(), authority!.By);
    }

    [Fact]
    public void No_other_signature_and_no_other_signed_text_is_accepted()
    {
        var request = Request(Admin);
        Assert.Equal("signer-not-authorised", Refusal(Held, Request(Reporter)));
        Assert.Equal("signer-not-authorised", Refusal(Held, Request(PrivateKey.Create())));
        Assert.Equal("signer-not-authorised", Refusal(Held, request with { ChangeHash = new string('b', 64) }));
        Assert.Equal("signer-not-authorised", Refusal(Held, request with { AfterVersion = 4 }));
        Assert.Equal("signer-not-authorised", Refusal(Held with { CapId = "Y" }, request));
        Assert.Equal("signer-not-authorised", Authority.Of(Held, request, "another deployment", Now).Refusal!.Type);
        Assert.Equal("signer-not-authorised", Refusal(Held with { Keys = [Key(Admin, "admin") with { RevokedAt = Now.AddDays(-1) }] }, request));
        Assert.Equal("signer-not-authorised", Refusal(Held with { Keys = [Key(Admin, "admin") with { NotAfter = Now }] }, request));
        Assert.Equal("invalid-field", Refusal(Held, request with { Signature = "0x12" }));
        Assert.Equal("invalid-field", Refusal(Held, request with { AfterVersion = null }));
        Assert.Equal("invalid-field", Refusal(Held, Request(Admin, Now.AddHours(-2))));
        Assert.Equal("invalid-field", Refusal(Held, Request(Admin, Now.AddMinutes(6))));
    }

    [Fact]
    public void A_key_is_added_beside_the_others_and_the_log_records_who_added_it()
    {
        var fresh = PrivateKey.Create().Address.ToString();
        var change = Change(new ContextChange(AddKey: new KeyDefinition(fresh, null, null, null)), new Authority(Admin.Address.ToString(), null, "{}"));
        Assert.Equal(3, change.Next!.Keys.Count);
        var entry = Assert.Single(change.Entries);
        Assert.Contains($"\"by\":\"{Admin.Address}\"", System.Text.Encoding.UTF8.GetString(entry.Bytes), StringComparison.Ordinal);
        Assert.Null(CapChange.Of(change.Next, new ContextChange(AddKey: new KeyDefinition(fresh, null, null, null)), Authority.OfOperator(Actor.Service), "o", Now).Next);
    }

    [Fact]
    public void Changing_a_key_does_not_change_who_added_it()
    {
        var fresh = PrivateKey.Create().Address.ToString();
        var current = Change(new ContextChange(AddKey: new KeyDefinition(fresh, null, null, null)), new Authority(Admin.Address.ToString(), null, "{}")).Next!;
        var again = CapChange.Of(current, "Z", new CapDefinition(null, 51m, null, null, [.. current.Keys.Select(key => new KeyDefinition(key.Address, key.Roles, null, null))]), Authority.OfOperator(Actor.Service), "o", Now);
        Assert.Single(again.Entries);
        Assert.Equal(Admin.Address.ToString(), again.Next!.Keys.Single(key => key.Address == fresh).AddedBy);
    }

    [Fact]
    public void A_revoked_key_stays_revoked()
    {
        var change = Change(new ContextChange(RevokeKey: new KeyRevocation(Reporter.Address.ToString(), "lost")));
        var revoked = change.Next!.Keys.Single(key => key.Address == Reporter.Address.ToString());
        Assert.Equal((Now, "lost"), (revoked.RevokedAt, revoked.Reason));
        Assert.Null(CapChange.Of(change.Next, new ContextChange(RevokeKey: new KeyRevocation(Reporter.Address.ToString(), null)), Authority.OfOperator(Actor.Service), "o", Now).Next);
        var again = CapChange.Of(change.Next, new ContextChange(AddKey: new KeyDefinition(Reporter.Address.ToString(), null, null, null)), Authority.OfOperator(Actor.Service), "o", Now);
        Assert.Equal("key-revoked", again.Refusal!.Type);
        var defined = new CapDefinition(null, null, null, null, [new(Reporter.Address.ToString().ToLowerInvariant(), null, null, null), new(Admin.Address.ToString(), ["admin"], null, null)]);
        Assert.Equal("key-revoked", CapChange.Of(change.Next, "Z", defined, Authority.OfOperator(Actor.Service), "o", Now).Refusal!.Type);
    }

    [Fact]
    public void The_last_admin_key_stays_until_there_is_another()
    {
        var away = new ContextChange(RevokeKey: new KeyRevocation(Admin.Address.ToString(), null));
        Assert.Equal("last-admin-key", Change(away).Refusal!.Type);
        Assert.Equal("last-admin-key", CapChange.Of(Held, "Z", new CapDefinition(null, null, null, null, [new(Reporter.Address.ToString(), null, null, null)]), Authority.OfOperator(Actor.Service), "o", Now).Refusal!.Type);
        Assert.Equal("last-admin-key", Change(new ContextChange(AddKey: new KeyDefinition(Admin.Address.ToString(), ["reporter"], null, null))).Refusal!.Type);
        Assert.Equal("last-admin-key", Change(new ContextChange(AddKey: new KeyDefinition(Admin.Address.ToString(), ["admin"], null, Now.AddSeconds(2)))).Refusal!.Type);
        var other = Held with { Keys = [.. Held.Keys, Key(PrivateKey.Create(), "admin")] };
        Assert.NotNull(CapChange.Of(other, away, Authority.OfOperator(Actor.Service), "o", Now).Next);
    }

    [Fact]
    public void An_admin_key_cannot_change_what_its_own_score_is_judged_by()
    {
        var signed = new Authority(Admin.Address.ToString(), null, "{}");
        var limit = new ContextChange(Policy: new PolicyDefinition(null, null, null, null, null, 1000m));
        Assert.Equal("operator-only", Change(limit, signed).Refusal!.Type);
        Assert.Equal(1000m, Change(limit).Next!.Rules.DeltaCapLimit);
        Assert.True(Change(new ContextChange(Policy: new PolicyDefinition(true, null, null, null, null, null)), signed).Next!.Rules.RequireFullSignature);
    }

    [Theory]
    [InlineData("sometimes", null, null, null, null, "policy.selfFeedback")]
    [InlineData(null, "warning", null, null, null, "policy.pagingFloor")]
    [InlineData(null, null, 59, null, null, "policy.maxBehindSeconds")]
    [InlineData(null, null, null, -1, null, "policy.maxAheadSeconds")]
    [InlineData(null, null, null, null, 0, "policy.deltaCapLimit")]
    public void A_policy_that_breaks_its_rule_is_named(string? self, string? floor, int? behind, int? ahead, int? limit, string field) =>
        Assert.Equal(field, Change(new ContextChange(Policy: new PolicyDefinition(null, self, floor, behind, ahead, limit))).Refusal!.Field);

    [Fact]
    public void A_change_is_one_change() =>
        Assert.Equal("change", Change(new ContextChange(new KeyDefinition(null, null, null, null), new KeyRevocation(null, null))).Refusal!.Field);

    private static CapChange Change(ContextChange wanted, Authority? authority = null) => CapChange.Of(Held, wanted, authority ?? Authority.OfOperator(Actor.Service), "o", Now);

    private static string Refusal(CapContext current, ChangeRequest request) => Authority.Of(current, request, "o", Now).Refusal!.Type;

    private static SigningKey Key(PrivateKey key, string role) => new(key.Address.ToString(), [role], null, null, null);

    private static ChangeRequest Request(PrivateKey key, DateTimeOffset? at = null)
    {
        var timestamp = TestIncident.Text(at ?? Now);
        return new ChangeRequest(new ContextChange(), 3, timestamp, key.Sign(Authority.Hash("o", "Z", 3, timestamp, Hash)).ToString(), Hash, "{}");
    }
}
