using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CapOrleans.Core.Sealing;
using CsCheck;

namespace CapOrleans.Tests.Core.Sealing;

public sealed class HpkeTests
{
    public static TheoryData<string, string> Vectors => Support.Vectors.Cases("hpke.json", "cases");

    [Theory, MemberData(nameof(Vectors))]
    public void Keys_shared_secrets_and_messages_are_those_of_RFC_9180_and_of_another_implementation(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var aead = vector.GetProperty("aead_id").GetInt32() == 1 ? HpkeAead.Aes128 : HpkeAead.Aes256;
        var (sender, recipient) = (Hpke.DeriveKey(vector.Hex("ikmE")), Hpke.DeriveKey(vector.Hex("ikmR")));
        Assert.Equal(vector.Hex("pkRm"), recipient.PublicKey);
        Assert.Equal(vector.Text("skRm"), Convert.ToHexStringLower(Convert.FromBase64String(recipient.Export())));
        Assert.Equal(vector.Hex("enc"), sender.PublicKey);
        var info = Bytes(vector, "info");
        if (vector.TryGetProperty("shared_secret", out _))
        {
            var agreed = new byte[32];
            Assert.True(sender.TryAgree(recipient.PublicKey, agreed));
            var shared = Hpke.Encapsulated(agreed, sender.PublicKey, recipient.PublicKey);
            Assert.Equal(vector.Hex("shared_secret"), shared);
            var (key, nonce) = Hpke.Schedule(aead, shared, info);
            Assert.Equal((vector.Text("key"), vector.Text("base_nonce")), (Convert.ToHexStringLower(key), Convert.ToHexStringLower(nonce)));
        }

        var first = vector.TryGetProperty("encryptions", out var encryptions) ? encryptions[0] : vector;
        var (associated, content) = (Bytes(first, "aad"), first.TryGetProperty("ptNote", out _) ? Encoding.ASCII.GetBytes(new string('x', 65536)) : Bytes(first, "pt"));
        var message = Hpke.Seal(aead, sender, recipient.PublicKey, info, associated, content);
        if (first.TryGetProperty("ct", out _))
        {
            Assert.Equal(vector.Text("enc") + first.Text("ct"), Convert.ToHexStringLower(message));
        }
        else
        {
            Assert.Equal(first.Text("ctSha256"), Convert.ToHexStringLower(SHA256.HashData(message.AsSpan(32))));
        }

        Assert.True(Hpke.TryOpen(aead, recipient, info, associated, message, out var opened), name);
        Assert.Equal(content, opened);
        Assert.False(Hpke.TryOpen(aead, recipient, [.. info, 0], associated, message, out _));
        Assert.False(Hpke.TryOpen(aead, recipient, info, [.. associated, 0], message, out _));
        Assert.False(Hpke.TryOpen(aead, sender, info, associated, message, out _));
    }

    [Fact]
    public void A_body_that_was_changed_in_any_bit_does_not_open() => Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, int.MaxValue]).Sample((body, at) =>
    {
        var gate = X25519PrivateKey.Create();
        var message = SealedBody.Seal(gate.PublicKey, body);
        Assert.Equal(body.Length + SealedBody.OverheadBytes, message.Length);
        Assert.True(SealedBody.TryOpen(gate, message, out var opened));
        Assert.Equal(body, opened);
        // The key agreement ignores the top bit of an X25519 key, but the key as it was sent is part of what is hashed.
        message[at % message.Length] ^= (byte)(1 << (at / message.Length % 8));
        Assert.False(SealedBody.TryOpen(gate, message, out _));
    }, iter: 300);

    [Fact]
    public void Bodies_that_are_too_short_or_use_an_all_zero_secret_do_not_open()
    {
        var gate = X25519PrivateKey.Create();
        for (var length = 0; length < SealedBody.OverheadBytes + 40; length++)
        {
            Assert.False(SealedBody.TryOpen(gate, new byte[length], out _)); // an encapsulated key of zeros
        }

        var message = SealedBody.Seal(gate.PublicKey, "hello"u8);
        Assert.False(SealedBody.TryOpen(gate, message.AsSpan(1), out _));
        Assert.False(SealedBody.TryOpen(gate, [0, .. message], out _));
        Assert.Throws<CryptographicException>(() => SealedBody.Seal(new byte[32], "hello"u8));
    }

    [Fact]
    public void A_key_has_one_spelling_and_is_never_printed()
    {
        var key = X25519PrivateKey.Create();
        Assert.True(X25519PrivateKey.TryParse(key.Export(), out var again));
        Assert.Equal(key.PublicKey, again.PublicKey);
        Assert.Equal("[secret]", key.ToString());
        foreach (var text in (string[])["", key.Export()[..^1], key.Export() + "=", " " + key.Export()[1..], new string('A', 42) + "B="])
        {
            Assert.False(X25519PrivateKey.TryParse(text, out _), text);
        }
    }

    private static byte[] Bytes(JsonElement vector, string name) =>
        vector.TryGetProperty($"{name}Text", out var text) ? Encoding.UTF8.GetBytes(text.GetString()!) : vector.Hex(name);
}
