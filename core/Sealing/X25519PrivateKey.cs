using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace CapOrleans.Core.Sealing;

/// <summary>A private key for X25519 (RFC 7748): 32 bytes, as sealed bodies and WireGuard use it.</summary>
public sealed class X25519PrivateKey
{
    public const int Bytes = 32;

    private readonly byte[] scalar;

    private X25519PrivateKey(byte[] scalar)
    {
        this.scalar = scalar;
        X25519.GeneratePublicKey(scalar, 0, PublicKey, 0);
    }

    /// <summary>The key that others seal to; not secret.</summary>
    public byte[] PublicKey { get; } = new byte[Bytes];

    /// <summary>Creates a key, clamped as WireGuard's own tool does it.</summary>
    public static X25519PrivateKey Create()
    {
        var scalar = RandomNumberGenerator.GetBytes(Bytes);
        scalar[0] &= 248;
        scalar[31] = (byte)((scalar[31] & 127) | 64);
        return new X25519PrivateKey(scalar);
    }

    public static X25519PrivateKey Of(ReadOnlySpan<byte> scalar)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(scalar.Length, Bytes);
        return new X25519PrivateKey(scalar.ToArray());
    }

    /// <param name="text">44 characters of base64.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out X25519PrivateKey? key)
    {
        key = TryReadKey(text, out var scalar) ? new X25519PrivateKey(scalar) : null;
        return key is not null;
    }

    /// <summary>
    /// Reads a private or public key in the only form in which it is written: 44 characters of base64.
    /// </summary>
    public static bool TryReadKey(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        var read = new byte[Bytes + 1];
        bytes = text.Length == 44 && Convert.TryFromBase64String(text, read, out var length) && length == Bytes ? read[..Bytes] : null;
        return bytes is not null && Convert.ToBase64String(bytes) == text;
    }

    /// <summary>Returns the secret itself as base64, for a file that only its owner can read.</summary>
    public string Export() => Convert.ToBase64String(scalar);

    public override string ToString() => "[secret]";

    /// <returns>False for a peer whose key yields nothing but zeros, whatever ours is.</returns>
    internal bool TryAgree(ReadOnlySpan<byte> peer, Span<byte> shared)
    {
        var result = new byte[Bytes];
        var agreed = X25519.CalculateAgreement(scalar, 0, peer.ToArray(), 0, result, 0);
        result.CopyTo(shared);
        return agreed;
    }
}
