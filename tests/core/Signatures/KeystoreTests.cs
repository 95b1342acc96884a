using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.Signatures;

public sealed class KeystoreTests
{
    public static TheoryData<string, string> Cases => Vectors.Cases("keystore-v3.json", "cases");

    public static TheoryData<string, string> Refused => Vectors.Cases("keystore-v3.json", "mustRefuse");

    [Theory, MemberData(nameof(Cases))]
    public void A_wallet_s_file_opens_with_its_passphrase(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var key = Keystore.Open(vector.GetProperty("keystore").GetRawText(), vector.Text("passphrase"));
        Assert.Equal((vector.Text("privateKey"), vector.Text("address")), (key.ExportHex(), key.Address.ToString()));
        Assert.NotEmpty(name);
    }

    [Theory, MemberData(nameof(Refused))]
    public void Another_passphrase_or_a_damaged_file_is_refused(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var fault = Assert.Throws<KeystoreException>(() => Keystore.Open(vector.GetProperty("keystore").GetRawText(), vector.Text("passphrase")));
        Assert.Contains("does not open", fault.Message, StringComparison.Ordinal);
        Assert.NotEmpty(name);
    }

    [Fact]
    public void What_is_written_can_be_read_by_whoever_knows_the_passphrase()
    {
        var key = PrivateKey.Create();
        var file = Keystore.Write(key, "pässwörd");
        Assert.True(Keystore.IsKeystore(file));
        Assert.DoesNotContain(key.ExportHex()[2..], file, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(key.Address, Keystore.Open(file, "pässwörd").Address);
        Assert.Throws<KeystoreException>(() => Keystore.Open(file, ""));
    }

    [Theory]
    [InlineData("n", 1 << 21)]
    [InlineData("n", 1000)]
    [InlineData("n", 0)]
    [InlineData("n", -2)]
    [InlineData("r", 17)]
    [InlineData("p", 1000)]
    [InlineData("dklen", 64)]
    public void Parameters_are_bounded_before_anything_is_spent_on_them(string name, int value)
    {
        var file = JsonNode.Parse(JsonElement.Parse((string)Cases.First()[1]).GetProperty("keystore").GetRawText())!;
        file["Crypto"]!["kdfparams"]![name] = value;
        Assert.Throws<KeystoreException>(() => Keystore.Open(file.ToJsonString(), "correct horse battery staple"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"version\":3,\"crypto\":{}}")]
    [InlineData("{\"version\":3,\"crypto\":7}")]
    public void Another_file_is_no_keystore(string json) => Assert.Throws<KeystoreException>(() => Keystore.Open(json, ""));
}
