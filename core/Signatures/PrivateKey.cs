using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CapOrleans.Core.Signatures;

/// <summary>A secp256k1 secret: signs, has an address, and never prints.</summary>
public sealed class PrivateKey
{
    private readonly byte[] secret;

    private PrivateKey(byte[] secret)
    {
        this.secret = secret;
        Address = EthereumAddress.OfPublicKey(Secp256k1.Instance.PublicKey(secret));
    }

    public EthereumAddress Address { get; }

    public static PrivateKey Create()
    {
        var secret = new byte[32];
        do
        {
            RandomNumberGenerator.Fill(secret);
        }
        while (!RecoverableSignature.IsScalar(secret));
        return new PrivateKey(secret);
    }

    /// <param name="text">64 hex digits, with or without <c>0x</c>; white space around them is ignored.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PrivateKey? key)
    {
        key = null;
        var digits = text.AsSpan().Trim();
        digits = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
        var secret = new byte[32];
        if (digits.Length != 64
            || Convert.FromHexString(digits, secret, out _, out _) != System.Buffers.OperationStatus.Done
            || !RecoverableSignature.IsScalar(secret))
        {
            return false;
        }

        key = new PrivateKey(secret);
        return true;
    }

    /// <param name="hash">32 bytes. Signed with an RFC 6979 nonce and low s: the same hash
    /// gives the same signature.</param>
    public RecoverableSignature Sign(ReadOnlySpan<byte> hash) => Secp256k1.Instance.Sign(hash, secret);

    /// <summary>Returns the secret as 64 hex digits with <c>0x</c>, only for where a key is stored.</summary>
    public string ExportHex() => $"0x{Convert.ToHexStringLower(secret)}";

    public override string ToString() => "[secret]";
}
