using System.Text.Json;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.Signatures;

public sealed class AddressAndKeyTests
{
    public static TheoryData<string, string> Keys => Vectors.Cases("addresses.json", "cases", "traps");

    public static TheoryData<string, string> InvalidKeys => Vectors.Cases("addresses.json", "invalidPrivateKeys");

    public static TheoryData<string, string> Checksums => Vectors.Cases("addresses.json", "eip55");

    public static TheoryData<string, string> InvalidAddresses => Vectors.Cases("addresses.json", "eip55Invalid");

    public static TheoryData<string, string> Hashes => Vectors.Cases("keccak256.json", "cases");

    [Theory, MemberData(nameof(Hashes))]
    public void Keccak_gives_what_Ethereum_libraries_give(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        Assert.True(vector.Hex("keccak256").AsSpan().SequenceEqual(Keccak256.Hash(vector.Hex("inputHex"))), name);
    }

    [Theory, MemberData(nameof(Keys))]
    public void A_key_has_the_address_that_wallets_show(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        Assert.True(PrivateKey.TryParse(vector.Text("privateKey"), out var key), name);
        Assert.Equal(vector.Text("address"), key.Address.ToString());
        Assert.True(EthereumAddress.TryParse(vector.Text("addressLower"), out var lower));
        Assert.Equal(key.Address, lower);
    }

    [Theory, MemberData(nameof(InvalidKeys))]
    public void An_impossible_key_is_refused(string name, string json) =>
        Assert.False(PrivateKey.TryParse(JsonElement.Parse(json).Text("privateKey"), out _), name);

    [Theory, MemberData(nameof(Checksums))]
    public void An_address_is_written_with_its_checksum(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        Assert.True(EthereumAddress.TryParse(vector.Text("lower"), out var address), name);
        Assert.Equal(vector.Text("checksum"), address.ToString());
    }

    [Theory, MemberData(nameof(InvalidAddresses))]
    public void An_address_with_a_wrong_checksum_or_form_is_refused(string name, string json) =>
        Assert.False(EthereumAddress.TryParse(JsonElement.Parse(json).Text("address"), out _), name);

    // The addresses of EIP-1191's own test cases, for chain 30, and the same addresses as spelled for chain 31.
    [Theory]
    [InlineData("0x27b1FdB04752BBc536007A920D24ACB045561c26")]
    [InlineData("0x42712D45473476B98452f434E72461577d686318")]
    [InlineData("0x5aaEB6053f3e94c9b9a09f33669435E7ef1bEAeD")]
    [InlineData("0xDBF03B407c01E7CD3cBea99509D93F8Dddc8C6FB")]
    [InlineData("0x27B1FdB04752BbC536007a920D24acB045561C26")]
    [InlineData("0x5aAeb6053F3e94c9b9A09F33669435E7EF1BEaEd")]
    public void An_address_in_Rootstock_s_spelling_is_accepted_and_printed_in_ours(string spelled)
    {
        Assert.True(EthereumAddress.TryParse(spelled, out var address));
        Assert.True(EthereumAddress.TryParse(spelled.ToLowerInvariant(), out var lower));
        Assert.Equal(lower, address);
        Assert.NotEqual(spelled, address.ToString());
        var letter = spelled.AsSpan(2).IndexOfAnyInRange('a', 'f') + 2;
        var wrong = spelled[..letter] + char.ToUpperInvariant(spelled[letter]) + spelled[(letter + 1)..];
        Assert.False(EthereumAddress.TryParse(wrong, out _), "one letter in the wrong case");
        Assert.True(EthereumAddress.TryParseAnyCase(wrong, out address) && address == lower);
    }

    [Fact]
    public void Where_no_checksum_is_needed_any_case_is_accepted_and_nothing_else()
    {
        foreach (var vector in Vectors.Load("addresses.json").GetProperty("eip55Invalid").EnumerateArray())
        {
            Assert.Equal(vector.Text("name") == "one letter in the wrong case", EthereumAddress.TryParseAnyCase(vector.Text("address"), out _));
        }

        Assert.False(EthereumAddress.TryParseAnyCase(null, out _));
    }

    [Fact]
    public void A_private_key_cannot_be_printed()
    {
        var key = PrivateKey.Create();
        Assert.Equal("[secret]", key.ToString());
        Assert.DoesNotContain(key.ExportHex()[2..], $"{key}", StringComparison.OrdinalIgnoreCase);
    }
}
