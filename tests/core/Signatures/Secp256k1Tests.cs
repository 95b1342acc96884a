using System.Text.Json;
using CapOrleans.Core.Signatures;
using CsCheck;

namespace CapOrleans.Tests.Core.Signatures;

public sealed class Secp256k1Tests
{
    private static readonly LibSecp256k1 Native = LibSecp256k1.TryLoad(out var native)
        ? native
        : throw new InvalidOperationException("libsecp256k1 is missing; ./test installs it.");

    private static readonly BouncyCastleSecp256k1 Managed = new BouncyCastleSecp256k1();

    internal static IReadOnlyList<ISecp256k1> Both => [Native, Managed];

    public static TheoryData<string, string> Messages => Vectors.Cases("personal_sign.json", "cases", "traps");

    public static TheoryData<string, string> Invalid => Vectors.Cases("personal_sign.json", "invalid");

    public static TheoryData<string, string> TypedDataCases => Vectors.Cases("eip712.json", "cases", "traps");

    public static TheoryData<string, string> TypedDataRefused => Vectors.Cases("eip712.json", "mustNotVerify");

    public static TheoryData<string, string> Tampered => Vectors.Cases("personal_sign.json", "tampered");

    [Theory, MemberData(nameof(Messages))]
    public void A_message_hashes_as_wallets_hash_it(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        Assert.True(vector.Hex("eip191Hash").AsSpan().SequenceEqual(PersonalSign.Hash(vector.Hex("messageHex"))), name);
    }

    [Theory, MemberData(nameof(Messages))]
    public void Both_implementations_sign_as_wallets_do(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        foreach (var secp in (ISecp256k1[])[Native, Managed])
        {
            var signature = secp.Sign(vector.Hex("eip191Hash"), vector.Hex("privateKey"));
            Assert.True(vector.Text("signature") == signature.ToString(), $"{name}: {secp.GetType().Name}");
        }
    }

    [Theory, MemberData(nameof(TypedDataCases))]
    public void Typed_data_is_signed_as_wallets_sign_it(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        foreach (var secp in Both)
        {
            Assert.True(vector.Text("signature") == secp.Sign(vector.Hex("digest"), vector.Hex("privateKey")).ToString(), name);
            Assert.True(RecoverableSignature.TryParse(vector.Text("signature"), out var signature, out _));
            Assert.True(secp.TryRecover(vector.Hex("digest"), signature, out var address));
            Assert.Equal(vector.Text("address"), address.ToString());
        }
    }

    [Theory, MemberData(nameof(TypedDataRefused))]
    public void Typed_data_that_must_not_verify_does_not(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var isRead = RecoverableSignature.TryParse(vector.Text("signature"), out var signature, out _);
        Assert.All(Both, secp => Assert.False(
            isRead && secp.TryRecover(vector.Hex("digestToCheck"), signature!, out var address) && address.ToString() == vector.Text("claimedAddress"), name));
    }

    [Theory, MemberData(nameof(Messages))]
    public void Every_accepted_spelling_recovers_the_signer(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        foreach (var form in vector.GetProperty("accepted").EnumerateObject())
        {
            Assert.True(RecoverableSignature.TryParse(form.Value.GetString()!, out var signature, out var fault), $"{name}, {form.Name}: {fault}");
            foreach (var secp in (ISecp256k1[])[Native, Managed])
            {
                Assert.True(secp.TryRecover(vector.Hex("eip191Hash"), signature, out var address));
                Assert.Equal(vector.Text("address"), address.ToString());
            }
        }
    }

    [Theory, MemberData(nameof(Messages))]
    public void The_high_half_of_s_is_refused_although_it_recovers(string name, string json)
    {
        foreach (var form in JsonElement.Parse(json).GetProperty("rejected").EnumerateObject())
        {
            Assert.False(RecoverableSignature.TryParse(form.Value.GetString()!, out _, out var fault), $"{name}, {form.Name}");
            Assert.Contains("s must be within", fault, StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Invalid))]
    public void A_malformed_signature_never_verifies_and_never_aborts(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var purpose = Vectors.Load("personal_sign.json").GetProperty("invalidFor");
        var hash = PersonalSign.Hash(System.Text.Encoding.UTF8.GetBytes(purpose.Text("message")));
        foreach (var secp in (ISecp256k1[])[Native, Managed])
        {
            EthereumAddress address = default;
            var recovered = RecoverableSignature.TryParse(vector.Text("signature"), out var signature, out _)
                && secp.TryRecover(hash, signature, out address);
            switch (vector.Text("expect"))
            {
                case "reject":
                    Assert.False(recovered, name);
                    break;
                case "not-signer":
                    Assert.False(recovered && address.ToString() == purpose.Text("address"), name);
                    break;
                default: // our policy: 0X is read as 0x
                    Assert.True(recovered && address.ToString() == purpose.Text("address"), name);
                    break;
            }
        }
    }

    [Theory, MemberData(nameof(Tampered))]
    public void A_tampered_message_recovers_another_signer(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        Assert.True(RecoverableSignature.TryParse(vector.Text("signature"), out var signature, out _), name);
        var hash = PersonalSign.Hash(System.Text.Encoding.UTF8.GetBytes(vector.Text("message")));
        Assert.True(Native.TryRecover(hash, signature, out var address));
        Assert.Equal(vector.Text("recoveredAddress"), address.ToString());
        Assert.NotEqual(vector.Text("claimedAddress"), address.ToString());
    }

    [Fact]
    public void A_compact_signature_is_refused_by_its_name()
    {
        Assert.False(RecoverableSignature.TryParse($"0x{new string('1', 128)}", out _, out var fault));
        Assert.Contains("EIP-2098", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wallet_s_address_counts_in_any_case_since_the_wallet_proves_itself()
    {
        var key = PrivateKey.Create();
        var incident = TestIncident.Signed(key, "X", "I-1", DateTimeOffset.UnixEpoch).SignFull(key);
        var odd = key.Address.ToString()[2..].Select(digit => char.IsUpper(digit) ? char.ToLowerInvariant(digit) : char.ToUpperInvariant(digit));
        incident["signer"] = $"0x{string.Concat(odd)}";
        Assert.Equal(key.Address, WalletClaim.Of(incident.Report())!.Wallet);
    }

    [Fact]
    public void Both_implementations_agree_on_any_hash_and_key() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[32].Where(secret => RecoverableSignature.IsScalar(secret))).Sample(
            (hash, secret) =>
            {
                var signature = Native.Sign(hash, secret);
                Assert.Equal(signature.ToString(), Managed.Sign(hash, secret).ToString());
                Assert.Equal(Native.PublicKey(secret), Managed.PublicKey(secret));
            },
            iter: 100);

    [Fact]
    public void Both_implementations_agree_on_any_bytes_that_pass_the_form() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[64], Gen.Int[0, 1]).Sample(
            (hash, compact, v) =>
            {
                compact[32] &= 0x7F;
                if (RecoverableSignature.TryParse($"{Convert.ToHexString(compact)}{v:x2}", out var signature, out _))
                {
                    var native = Native.TryRecover(hash, signature, out var first);
                    Assert.Equal(native, Managed.TryRecover(hash, signature, out var second));
                    Assert.Equal(first, second);
                }
            },
            iter: 200);
}
