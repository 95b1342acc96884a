using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;

namespace CapOrleans.Core.Archive;

/// <summary>
/// A CIDv1 over sha2-256, in base32: the only form that this system creates. It names a block by its content, so anyone
/// with the CID can verify the block.
/// </summary>
public sealed record Cid
{
    /// <summary>Multicodec of a block that is just bytes.</summary>
    public const byte Raw = 0x55;

    /// <summary>Multicodec of a block that is a node of a file or folder; this system creates none.</summary>
    public const byte DagPb = 0x70;

    /// <summary>Multicodec of a block that is CBOR with links.</summary>
    public const byte DagCbor = 0x71;

    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int DigestBytes = 32;

    private const string Base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    private static readonly SearchValues<char> Base58 = SearchValues.Create(Base58Alphabet);

    private Cid(byte codec, byte[] digest)
    {
        Codec = codec;
        Text = "b" + Base32([1, codec, 0x12, DigestBytes, .. digest]);
        Digest = digest;
    }

    public byte Codec { get; }

    /// <summary>The canonical text, <c>bafk...</c> for raw blocks.</summary>
    public string Text { get; }

    private byte[] Digest { get; }

    public static Cid Of(byte codec, ReadOnlySpan<byte> block) => new(codec, SHA256.HashData(block));

    /// <param name="digest">SHA-256 of the block, 32 bytes.</param>
    public static Cid OfDigest(byte codec, ReadOnlySpan<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(digest.Length, DigestBytes);
        return new(codec, digest.ToArray());
    }

    /// <summary>
    /// Whether the text has the form of a CID over a 32-byte digest, ours or foreign: version 1 in
    /// lower-case base32, or version 0.
    /// </summary>
    public static bool IsCid(string text) => text.Length switch
    {
        59 => text[0] == 'b' && TryReadBase32(text.AsSpan(1), out var bytes) && bytes is [1, _, _, DigestBytes, ..],
        46 => text.StartsWith("Qm", StringComparison.Ordinal) && !text.AsSpan().ContainsAnyExcept(Base58),
        _ => false,
    };

    /// <summary>
    /// Reads canonical base32 text, lower or upper case, of a CIDv1 over sha2-256 with codec raw or dag-cbor.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Cid? cid) =>
        TryParseForeign(text, out cid) && text!.Length == 59 && cid.Codec != DagPb;

    /// <summary>
    /// Reads foreign CIDs as well: with codec dag-pb, and of version 0, for which the
    /// result is the same CID in version 1.
    /// </summary>
    public static bool TryParseForeign(string? text, [NotNullWhen(true)] out Cid? cid)
    {
        cid = null;
        if (text is { Length: 46 } && IsCid(text))
        {
            return TryReadBase58(text) is { } old && TryRead(old, out cid);
        }

        if (text is not { Length: 59 } || text[0] is not ('b' or 'B'))
        {
            return false;
        }

        var lower = text[0] == 'B' ? text.ToLowerInvariant() : text;
        var isMixedCase = text[0] == 'B' ? text.AsSpan().ContainsAnyInRange('a', 'z') : text.AsSpan().ContainsAnyInRange('A', 'Z');
        return !isMixedCase && TryReadBase32(lower.AsSpan(1), out var bytes) && TryRead(bytes, out cid)
            && cid.Text == lower; // refuses non-zero bits after the last byte
    }

    /// <param name="bytes">Version 1 with its codec, or the bare multihash that is version 0.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Cid? cid)
    {
        cid = bytes is [1, Raw or DagPb or DagCbor, 0x12, DigestBytes, ..] && bytes.Length == DigestBytes + 4 ? new Cid(bytes[1], bytes[4..].ToArray())
            : bytes is [0x12, DigestBytes, ..] && bytes.Length == DigestBytes + 2 ? new Cid(DagPb, bytes[2..].ToArray())
            : null;
        return cid is not null;
    }

    public bool Matches(ReadOnlySpan<byte> block) => SHA256.HashData(block).AsSpan().SequenceEqual(Digest);

    /// <summary>The CID as bytes: version, codec, multihash.</summary>
    public byte[] ToBytes() => [1, Codec, 0x12, DigestBytes, .. Digest];

    public bool Equals(Cid? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    private static string Base32(ReadOnlySpan<byte> bytes)
    {
        var text = new char[((bytes.Length * 8) + 4) / 5];
        for (var i = 0; i < text.Length; i++)
        {
            var bit = i * 5;
            var pair = (bytes[bit / 8] << 8) | (bit / 8 + 1 < bytes.Length ? bytes[(bit / 8) + 1] : 0);
            text[i] = Alphabet[(pair >> (11 - (bit % 8))) & 31];
        }

        return new string(text);
    }

    private static bool TryReadBase32(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = new byte[text.Length * 5 / 8];
        for (int i = 0, buffer = 0, bits = 0, at = 0; i < text.Length; i++)
        {
            var value = Alphabet.IndexOf(text[i], StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            buffer = ((buffer << 5) | value) & 0xFFF;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                bytes[at++] = (byte)(buffer >> bits);
            }
        }

        return true;
    }

    /// <returns>Null when it does not have the length of a multihash.</returns>
    private static byte[]? TryReadBase58(string text)
    {
        var number = text.Aggregate(BigInteger.Zero, (sum, digit) => (sum * 58) + Base58Alphabet.IndexOf(digit, StringComparison.Ordinal));
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return bytes.Length == DigestBytes + 2 ? bytes : null;
    }
}
