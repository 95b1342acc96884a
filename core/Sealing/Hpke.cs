using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CapOrleans.Core.Sealing;

/// <summary>The cipher of the content: AES-GCM with 128 or 256 bits (RFC 9180, section 7.3).</summary>
internal sealed record HpkeAead(ushort Id, int KeyBytes)
{
    public static HpkeAead Aes128 { get; } = new(1, 16);

    public static HpkeAead Aes256 { get; } = new(2, 32);
}

/// <summary>
/// Hybrid public key encryption, RFC 9180: base mode, one message per key, with DHKEM(X25519,
/// HKDF-SHA256) and HKDF-SHA256. Anyone with the public key can seal; only the owner of the private key
/// can open. The sender is not authenticated.
/// </summary>
internal static class Hpke
{
    /// <summary>Before the content, the sender's public key for this one message; after it, the tag.</summary>
    public const int EncapsulatedBytes = 32, TagBytes = 16;

    private const int NonceBytes = 12, HashBytes = 32;

    private const ushort X25519HkdfSha256 = 0x0020, HkdfSha256 = 0x0001;

    private static readonly byte[] KemSuite = [.. "KEM"u8, .. Number(X25519HkdfSha256)];

    /// <param name="ephemeral">Used for this message only.</param>
    /// <returns>The encapsulated key, the content, the tag.</returns>
    /// <exception cref="CryptographicException">The recipient's key yields nothing but zeros.</exception>
    public static byte[] Seal(HpkeAead aead, X25519PrivateKey ephemeral, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> content)
    {
        Span<byte> shared = stackalloc byte[X25519PrivateKey.Bytes];
        if (!ephemeral.TryAgree(recipient, shared))
        {
            throw new CryptographicException("The key is not a usable X25519 public key.");
        }

        var (key, nonce) = Schedule(aead, Encapsulated(shared, ephemeral.PublicKey, recipient), info);
        var message = new byte[EncapsulatedBytes + content.Length + TagBytes];
        ephemeral.PublicKey.CopyTo(message, 0);
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, content, message.AsSpan(EncapsulatedBytes, content.Length), message.AsSpan(EncapsulatedBytes + content.Length), associated);
        return message;
    }

    /// <returns>
    /// False when the message was sealed to another key or for another purpose, or was
    /// changed; nothing distinguishes these.
    /// </returns>
    public static bool TryOpen(
        HpkeAead aead, X25519PrivateKey recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> message, [NotNullWhen(true)] out byte[]? content)
    {
        content = null;
        Span<byte> shared = stackalloc byte[X25519PrivateKey.Bytes];
        if (message.Length < EncapsulatedBytes + TagBytes || !recipient.TryAgree(message[..EncapsulatedBytes], shared))
        {
            return false;
        }

        var (key, nonce) = Schedule(aead, Encapsulated(shared, message[..EncapsulatedBytes], recipient.PublicKey), info);
        var opened = new byte[message.Length - EncapsulatedBytes - TagBytes];
        using var cipher = new AesGcm(key, TagBytes);
        try
        {
            cipher.Decrypt(nonce, message[EncapsulatedBytes..^TagBytes], message[^TagBytes..], opened, associated);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        content = opened;
        return true;
    }

    /// <summary>RFC 9180, section 7.1.3.</summary>
    public static X25519PrivateKey DeriveKey(ReadOnlySpan<byte> material)
    {
        var secret = LabeledExtract(KemSuite, [], "dkp_prk"u8, material);
        return X25519PrivateKey.Of(LabeledExpand(KemSuite, secret, "sk"u8, [], X25519PrivateKey.Bytes));
    }

    /// <summary>RFC 9180, section 4.1: the secret that both sides now share.</summary>
    public static byte[] Encapsulated(ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> recipient)
    {
        var secret = LabeledExtract(KemSuite, [], "eae_prk"u8, agreed);
        return LabeledExpand(KemSuite, secret, "shared_secret"u8, [.. encapsulated, .. recipient], HashBytes);
    }

    /// <summary>RFC 9180, section 5.1, base mode: without a pre-shared secret.</summary>
    public static (byte[] Key, byte[] Nonce) Schedule(HpkeAead aead, ReadOnlySpan<byte> shared, ReadOnlySpan<byte> info)
    {
        byte[] suite = [.. "HPKE"u8, .. Number(X25519HkdfSha256), .. Number(HkdfSha256), .. Number(aead.Id)];
        byte[] context = [0, .. LabeledExtract(suite, [], "psk_id_hash"u8, []), .. LabeledExtract(suite, [], "info_hash"u8, info)];
        var secret = LabeledExtract(suite, shared, "secret"u8, []);
        return (LabeledExpand(suite, secret, "key"u8, context, aead.KeyBytes), LabeledExpand(suite, secret, "base_nonce"u8, context, NonceBytes));
    }

    private static byte[] LabeledExtract(ReadOnlySpan<byte> suite, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> material)
    {
        var secret = new byte[HashBytes];
        HKDF.Extract(HashAlgorithmName.SHA256, [.. "HPKE-v1"u8, .. suite, .. label, .. material], salt, secret);
        return secret;
    }

    private static byte[] LabeledExpand(ReadOnlySpan<byte> suite, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, int length)
    {
        var output = new byte[length];
        HKDF.Expand(HashAlgorithmName.SHA256, secret, output, [.. Number((ushort)length), .. "HPKE-v1"u8, .. suite, .. label, .. info]);
        return output;
    }

    private static byte[] Number(ushort value)
    {
        var bytes = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }
}
