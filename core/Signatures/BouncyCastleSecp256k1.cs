using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;

namespace CapOrleans.Core.Signatures;

/// <summary>secp256k1 in managed code, for machines without libsecp256k1; about four times slower.</summary>
public sealed class BouncyCastleSecp256k1 : ISecp256k1
{
    // CustomNamedCurves, not SecNamedCurves: the latter's generic arithmetic is several times slower.
    private static readonly X9ECParameters Curve = CustomNamedCurves.GetByName("secp256k1");
    private static readonly ECDomainParameters Domain = new(Curve);
    private static readonly BigInteger HalfOrder = Curve.N.ShiftRight(1);

    public bool TryRecover(ReadOnlySpan<byte> hash, RecoverableSignature signature, out EthereumAddress address)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, 32);
        address = default;
        if (Recover(hash, new BigInteger(1, signature.R), new BigInteger(1, signature.S), signature.RecoveryId) is not { } point)
        {
            return false;
        }

        address = EthereumAddress.OfPublicKey(point.GetEncoded(compressed: false).AsSpan(1));
        return true;
    }

    public RecoverableSignature Sign(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, 32);
        var d = new BigInteger(1, secret);
        var signer = new ECDsaSigner(new HMacDsaKCalculator(new Sha256Digest()));
        signer.Init(forSigning: true, new ECPrivateKeyParameters(d, Domain));
        var parts = signer.GenerateSignature(hash.ToArray());
        var (r, s) = (parts[0], parts[1].CompareTo(HalfOrder) > 0 ? Curve.N.Subtract(parts[1]) : parts[1]);

        var own = Domain.G.Multiply(d).Normalize();
        var recoveryId = own.Equals(Recover(hash, r, s, 0)) ? 0 : 1;
        var compact = new byte[64];
        r.ToByteArrayUnsigned().CopyTo(compact, 32 - r.GetLengthofByteArrayUnsigned());
        s.ToByteArrayUnsigned().CopyTo(compact, 64 - s.GetLengthofByteArrayUnsigned());
        return new RecoverableSignature(compact, recoveryId);
    }

    public byte[] PublicKey(ReadOnlySpan<byte> secret) =>
        Domain.G.Multiply(new BigInteger(1, secret)).Normalize().GetEncoded(compressed: false)[1..];

    /// <summary>Q = r^-1 (s R - e G), SEC 1 section 4.1.6, for the candidate R with x = r.</summary>
    private static ECPoint? Recover(ReadOnlySpan<byte> hash, BigInteger r, BigInteger s, int recoveryId)
    {
        Span<byte> encoded = stackalloc byte[33];
        encoded[0] = (byte)(2 + recoveryId);
        var x = r.ToByteArrayUnsigned();
        x.CopyTo(encoded[(33 - x.Length)..]);
        ECPoint candidate;
        try
        {
            candidate = Curve.Curve.DecodePoint(encoded.ToArray());
        }
        catch (ArgumentException)
        {
            return null; // no point has this x
        }

        var inverse = r.ModInverse(Curve.N);
        var minusE = new BigInteger(1, hash).Negate().Mod(Curve.N);
        var q = ECAlgorithms.SumOfTwoMultiplies(
            Domain.G, minusE.Multiply(inverse).Mod(Curve.N),
            candidate, s.Multiply(inverse).Mod(Curve.N)).Normalize();
        return q.IsInfinity ? null : q;
    }
}
