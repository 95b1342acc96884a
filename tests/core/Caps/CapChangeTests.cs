using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.Caps;

public sealed class CapChangeTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly string First = PrivateKey.Create().Address.ToString();
    private static readonly string Second = PrivateKey.Create().Address.ToString();

    [Fact]
    public void A_registration_takes_the_feedback_script_s_numbers()
    {
        var change = Define(null, Keys(First));
        Assert.Equal((1L, 50m, 1.2m, 0.9m), (change.Next!.Version, change.Next.CapPotential, change.Next.Phi, change.Next.Psi));
        Assert.Equal(["cap.registered", "cap.key-added"], change.Entries.Select(entry => entry.Kind));
    }

    [Fact]
    public void Repeating_a_definition_changes_nothing()
    {
        var current = Define(null, Keys(First)).Next;
        var change = Define(current, Keys(First));
        Assert.Null(change.Next);
        Assert.Null(change.Refusal);
        Assert.Empty(change.Entries);
    }

    [Fact]
    public void A_key_that_is_left_out_is_revoked_and_stays_in_the_list()
    {
        var current = Define(null, Keys(First)).Next;
        var change = Define(current, Keys(Second));
        Assert.Equal(2, change.Next!.Version);
        Assert.Equal(["cap.key-revoked", "cap.key-added"], change.Entries.Select(entry => entry.Kind));
        Assert.Equal(Now, change.Next.Keys.Single(key => key.Address == First).RevokedAt);
    }

    [Fact]
    public void A_definition_without_keys_keeps_them()
    {
        var current = Define(null, Keys(First)).Next;
        var change = Define(current, new CapDefinition(null, 0.4m, null, null, null));
        Assert.Equal(["cap.policy-changed"], change.Entries.Select(entry => entry.Kind));
        Assert.Single(change.Next!.Keys, key => key.RevokedAt is null);
    }

    [Theory]
    [InlineData("no keys", "keys")]
    [InlineData("empty keys", "keys")]
    [InlineData("no address", "keys[0].address")]
    [InlineData("twice", "keys[1].address")]
    [InlineData("role", "keys[0].roles")]
    [InlineData("bounds", "keys[0].notAfter")]
    [InlineData("potential", "capPotential")]
    [InlineData("phi", "phi")]
    [InlineData("name", "displayName")]
    [InlineData("turned name", "displayName")]
    [InlineData("name and a space", "displayName")]
    public void A_definition_that_breaks_a_rule_names_the_member(string what, string field)
    {
        var key = new KeyDefinition(First, null, null, null);
        var definition = what switch
        {
            "no keys" => new CapDefinition(null, null, null, null, null),
            "empty keys" => new CapDefinition(null, null, null, null, []),
            "no address" => Keys("0x12"),
            "twice" => Keys(First, First.ToLowerInvariant()),
            "role" => new CapDefinition(null, null, null, null, [key with { Roles = ["king"] }]),
            "bounds" => new CapDefinition(null, null, null, null, [key with { NotBefore = Now, NotAfter = Now }]),
            "potential" => Keys(First) with { CapPotential = 0m },
            "phi" => Keys(First) with { Phi = -1m },
            "turned name" => Keys(First) with { DisplayName = "\u202eweb" },
            "name and a space" => Keys(First) with { DisplayName = "web " },
            _ => Keys(First) with { DisplayName = "\u0001" },
        };
        Assert.Equal(field, Define(null, definition).Refusal!.Field);
    }

    private static CapChange Define(CapContext? current, CapDefinition definition) => CapChange.Of(current, "Z-001", definition, Authority.OfOperator(Actor.Service), "log", Now);

    private static CapDefinition Keys(params string[] addresses) =>
        new(null, null, null, null, [.. addresses.Select(address => new KeyDefinition(address, null, null, null))]);
}
