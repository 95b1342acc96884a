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

    [Fact]
    public void A_private_key_does_not_print()
    {
        var key = PrivateKey.Create();
        Assert.Equal("[secret]", key.ToString());
        Assert.DoesNotContain(key.ExportHex()[2..], $"{key}", StringComparison.OrdinalIgnoreCase);
    }
}
