using System.Text;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.Anchors;

public sealed class CapTokenTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_token_has_the_keys_that_are_valid_now_with_their_roles()
    {
        SigningKey[] keys = [Key(["reporter"]), Key(["reporter", "responder"], until: Now), Key(["responder"], from: Now), Key(["admin", "reporter"], until: Now.AddSeconds(1)), Key(["admin"], revoked: true), Key(["admin"], from: Now.AddSeconds(1))];
        var token = CapToken.Of(Context(keys), Now);
        Assert.Equal((("Z-001", 7L), keys[3].Address), ((token.CapId, token.Version), token.Holder));
        Assert.Equal([1, 2, 5], token.Keys.Select(key => key.Roles));
        Assert.Equal([Hash(keys[0]), Hash(keys[2]), Hash(keys[3])], token.Keys.Select(key => key.Hash));
        static byte[] Hash(SigningKey key) => Keccak256.Hash(Convert.FromHexString(key.Address[2..]));
    }

    [Fact]
    public void Without_an_admin_the_first_valid_key_has_the_token_and_without_any_the_writer()
    {
        SigningKey[] keys = [Key(["reporter"], until: Now), Key(["responder"]), Key(["reporter"])];
        Assert.Equal(keys[1].Address, CapToken.Of(Context(keys), Now).Holder);
        var none = CapToken.Of(Context(keys[0]), Now);
        Assert.Null(none.Holder);
        Assert.Empty(none.Keys);
    }

    [Theory]
    [InlineData("""{"body":{"capId":"Z-001"}}""", "Z-001")]
    [InlineData("""{"body":{"capId":7}}""", null)]
    [InlineData("""{"body":[]}""", null)]
    [InlineData("""{}""", null)]
    [InlineData("""x""", null)]
    public void An_unreadable_entry_belongs_to_no_CapID(string bytes, string? capId) =>
        Assert.Equal(capId, CapToken.CapIdOf(new LogEntry(0, EntryKinds.CapRegistered, Encoding.UTF8.GetBytes(bytes))));

    private static CapContext Context(params SigningKey[] keys) => new("Z-001", 7, "", 1, 1, 1, keys);

    private static SigningKey Key(string[] roles, DateTimeOffset? from = null, DateTimeOffset? until = null, bool revoked = false) =>
        new($"{PrivateKey.Create().Address}", roles, from, until, revoked ? Now : null);
}
