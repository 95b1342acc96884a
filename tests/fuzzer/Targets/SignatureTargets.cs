using System.Text;
using CapOrleans.Core.Access;
using CapOrleans.Core.Signatures;
using CapOrleans.Fuzz.Engine;

namespace CapOrleans.Fuzz.Targets;

/// <summary>
/// Parsers of signatures, addresses and keys, and both implementations of the curve on the same inputs.
/// </summary>
internal static class SignatureTargets
{
    private static readonly BouncyCastleSecp256k1 Managed = new();
    private static readonly LibSecp256k1 Native = LibSecp256k1.TryLoad(out var native)
        ? native
        : throw new InvalidOperationException("libsecp256k1 is not installed: there would be nothing to compare with.");

    public static Target[] Create()
    {
        var secret = Convert.FromHexString("4C0883A69102937D6231471B5DBB6204FE5129617082792AE468D01A3F362318");
        var hash = Keccak256.Hash("fuzz"u8);
        var signature = Native.Sign(hash, secret).ToString();
        byte[][] edges = [.. ((string[])["0x", "00", "ff", "1b", "1c", "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0", "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"]).Select(Encoding.ASCII.GetBytes)];
        return
        [
            new("signature", [Encoding.ASCII.GetBytes(signature), Encoding.ASCII.GetBytes(signature[2..^2] + "00")], edges, Signature),
            new("secp256k1", [[.. secret, .. hash], [.. new byte[31], 1, .. hash], [.. Convert.FromHexString("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364140"), .. new byte[32]]], [new byte[16], [255, 255, 255, 255, 255, 255, 255, 255]], Curve),
            new("address", [Encoding.ASCII.GetBytes("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), Encoding.ASCII.GetBytes($"cap_0123abcd_{new string('5', 64)}")], edges, Texts),
        ];
    }

    private static void Signature(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (!RecoverableSignature.TryParse(text, out var signature, out var fault))
        {
            DisagreementException.Unless(fault.Length > 0, "A refusal says the rule.");
            return;
        }

        DisagreementException.Unless(RecoverableSignature.TryParse(signature.ToString(), out var again, out _) && again.ToString() == signature.ToString(), "What is printed is read again.");
        Recover(Keccak256.Hash(input), signature, null);
    }

    private static void Curve(byte[] input)
    {
        if (input.Length < 64 || !RecoverableSignature.IsScalar(input.AsSpan(0, 32)))
        {
            return;
        }

        var secret = input.AsSpan(0, 32);
        var hash = input.AsSpan(32, 32);
        var publicKey = Native.PublicKey(secret);
        DisagreementException.Unless(publicKey.AsSpan().SequenceEqual(Managed.PublicKey(secret)), "Both make the same public key.");
        var signature = Native.Sign(hash, secret);
        DisagreementException.Unless(signature.ToString() == Managed.Sign(hash, secret).ToString(), "Both sign alike (RFC 6979, low s).");
        Recover(hash, signature, EthereumAddress.OfPublicKey(publicKey));
    }

    private static void Recover(ReadOnlySpan<byte> hash, RecoverableSignature signature, EthereumAddress? signer)
    {
        var (isNative, isManaged) = (Native.TryRecover(hash, signature, out var byNative), Managed.TryRecover(hash, signature, out var byManaged));
        DisagreementException.Unless(isNative == isManaged && byNative == byManaged, $"Both recover the same: {isNative} {byNative}, {isManaged} {byManaged}.");
        DisagreementException.Unless(signer is null || (isNative && byNative == signer), "Who signed is recovered.");
    }

    private static void Texts(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (EthereumAddress.TryParse(text, out var address))
        {
            DisagreementException.Unless(EthereumAddress.TryParse($"{address}", out var again) && again == address && new EthereumAddress(address.ToArray()) == address, "An address is read again.");
        }

        if (ApiKey.TryParse(text, out var key))
        {
            DisagreementException.Unless(key.Export() == text, "An API key has one spelling.");
        }

        _ = PrivateKey.TryParse(text, out _);
    }
}
