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

    public static TheoryData<string, string> Passphrases => Vectors.Cases("keystore-passphrases.json", "cases");

    [Theory, MemberData(nameof(Passphrases))]
    public void A_passphrase_opens_what_was_written_with_another_form_of_it(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        Assert.True(vector.Text("privateKey") == Keystore.Open(vector.GetProperty("keystore").GetRawText(), vector.Text("typed")).ExportHex(), name);
        Assert.Throws<KeystoreException>(() => Keystore.Open(vector.GetProperty("keystore").GetRawText(), vector.Text("typed") + "\u0301"));
    }

    // As typed, in NFC and in NFKC: each distinct form costs one key derivation.
    [Theory]
    [InlineData("correct horse", 1)]
    [InlineData("p\u00e4ss", 1)]
    [InlineData("pa\u0308ss", 2)]
    [InlineData("\ufb01sh", 2)]
    [InlineData("\ufb01scha\u0308", 3)]
    public void A_passphrase_is_tried_in_as_many_forms_as_it_has(string passphrase, int forms)
    {
        var tried = Keystore.PassphraseForms(passphrase);
        Assert.Equal((forms, passphrase), (tried.Count, System.Text.Encoding.UTF8.GetString(tried[0])));
    }

    [Fact]
    public void Files_are_written_with_the_normal_form_that_the_format_requires()
    {
        var key = PrivateKey.Create();
        Assert.Equal(key.Address, Keystore.Open(Keystore.Write(key, "\ufb01scha\u0308"), "fisch\u00e4").Address);
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
    public void A_written_file_opens_with_its_passphrase()
    {
        var key = PrivateKey.Create();
        var file = Keystore.Write(key, "pässwörd");
        Assert.True(Keystore.IsKeystore(file));
        Assert.DoesNotContain(key.ExportHex()[2..], file, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(key.Address, Keystore.Open(file, "pässwörd").Address);
        Assert.Throws<KeystoreException>(() => Keystore.Open(file, ""));
    }

    // Both examples of the format's own definition, "Web3 Secret Storage Definition", have the same passphrase and key.
    [Theory]
    [InlineData("""{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}""")]
    [InlineData("""{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},"ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt","kdfparams":{"dklen":32,"n":262144,"p":8,"r":1,"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},"mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":"3"}""")]
    public void The_format_s_own_files_open(string file) =>
        Assert.Equal("0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d", Keystore.Open(file, "testpassword").ExportHex());

    // RFC 7914, section 12.
    [Theory]
    [InlineData("", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")]
    public void Scrypt_matches_RFC_7914(string passphrase, string salt, int n, int r, int p, string derived) => Assert.Equal(
        derived, Convert.ToHexStringLower(Scrypt.Derive(System.Text.Encoding.UTF8.GetBytes(passphrase), System.Text.Encoding.UTF8.GetBytes(salt), n, r, p, 64)));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(10_000_001)]
    public void Iterations_are_bounded_as_well(int iterations)
    {
        var file = $$$"""{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"{{{new string('0', 32)}}}"},"ciphertext":"{{{new string('0', 64)}}}","kdf":"pbkdf2","kdfparams":{"c":{{{iterations}}},"dklen":32,"prf":"hmac-sha256","salt":""},"mac":""},"version":3}""";
        Assert.Contains("out of bounds", Assert.Throws<KeystoreException>(() => Keystore.Open(file, "")).Message, StringComparison.Ordinal);
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
        var fault = Assert.Throws<KeystoreException>(() => Keystore.Open(file.ToJsonString(), "correct horse battery staple"));
        Assert.Contains(name == "dklen" ? "" : "out of bounds", fault.Message, StringComparison.Ordinal); // not reported as a wrong passphrase
    }

    [Fact]
    public void Parameters_that_are_each_within_bounds_may_not_take_too_much_memory_together()
    {
        var file = JsonNode.Parse(JsonElement.Parse((string)Cases.First()[1]).GetProperty("keystore").GetRawText())!;
        (file["Crypto"]!["kdfparams"]!["n"], file["Crypto"]!["kdfparams"]!["r"]) = (1 << 20, 16);
        var fault = Assert.Throws<KeystoreException>(() => Keystore.Open(file.ToJsonString(), "correct horse battery staple"));
        Assert.Contains("out of bounds", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"version\":3,\"crypto\":{}}")]
    [InlineData("{\"version\":3,\"crypto\":7}")]
    public void A_file_that_is_not_a_keystore_is_refused(string json) => Assert.Throws<KeystoreException>(() => Keystore.Open(json, ""));
}
