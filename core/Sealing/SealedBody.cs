using System.Diagnostics.CodeAnalysis;

namespace CapOrleans.Core.Sealing;

/// <summary>
/// A request body that only the gate can read, <c>application/cap-sealed</c>: HPKE (RFC 9180) in base mode with X25519,
/// HKDF-SHA256 and AES-256-GCM, <c>info</c> is <c>cap-sealed/1</c>, no associated data. On the wire: 32 bytes of the
/// encapsulated key, then the ciphertext with its tag of 16 bytes. The plaintext is the body that would be sent
/// unsealed. Its length is not hidden.
/// </summary>
public static class SealedBody
{
    public const string ContentType = "application/cap-sealed";

    /// <summary>Number of bytes by which a sealed body is longer than its plaintext.</summary>
    public const int OverheadBytes = Hpke.EncapsulatedBytes + Hpke.TagBytes;

    private static ReadOnlySpan<byte> Info => "cap-sealed/1"u8;

    /// <param name="gate">The gate's public key, 32 bytes.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">Nothing can be
    /// sealed to this key.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> gate, ReadOnlySpan<byte> body) => Hpke.Seal(HpkeAead.Aes256, X25519PrivateKey.Create(), gate, Info, [], body);

    public static bool TryOpen(X25519PrivateKey gate, ReadOnlySpan<byte> sealedBody, [NotNullWhen(true)] out byte[]? body) =>
        Hpke.TryOpen(HpkeAead.Aes256, gate, Info, [], sealedBody, out body);
}
