using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace CapOrleans.Core.Signatures;

/// <summary>20 bytes; written with the mixed-case checksum of EIP-55.</summary>
public readonly struct EthereumAddress : IEquatable<EthereumAddress>
{
    private readonly UInt128 high;
    private readonly uint low;

    public EthereumAddress(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, 20);
        high = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
        low = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <param name="publicKey">64 bytes, x and y, without the 04 prefix.</param>
    public static EthereumAddress OfPublicKey(ReadOnlySpan<byte> publicKey)
    {
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash(publicKey, hash);
        return new EthereumAddress(hash[12..]);
    }

    /// <summary>
    /// <c>0x</c> and 40 hex digits. All lower or all upper case is taken as it is; mixed case must carry the right checksum.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out EthereumAddress address)
    {
        address = default;
        if (text is not { Length: 42 } || text[0] != '0' || text[1] is not ('x' or 'X'))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[20];
        var digits = text.AsSpan(2);
        if (Convert.FromHexString(digits, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        address = new EthereumAddress(bytes);
        var mixed = digits.ContainsAnyInRange('a', 'f') && digits.ContainsAnyInRange('A', 'F');
        return !mixed || digits.SequenceEqual(address.ToString().AsSpan(2));
    }

    public byte[] ToArray()
    {
        var bytes = new byte[20];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, high);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(16), low);
        return bytes;
    }

    public override string ToString()
    {
        Span<byte> digits = stackalloc byte[40];
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(ToArray()), digits);
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash(digits, hash);
        var text = new char[42];
        (text[0], text[1]) = ('0', 'x');
        for (var i = 0; i < 40; i++)
        {
            var nibble = (hash[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0xF;
            text[i + 2] = nibble >= 8 ? char.ToUpperInvariant((char)digits[i]) : (char)digits[i];
        }

        return new string(text);
    }

    public bool Equals(EthereumAddress other) => high == other.high && low == other.low;

    public override bool Equals(object? obj) => obj is EthereumAddress other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(high, low);

    public static bool operator ==(EthereumAddress left, EthereumAddress right) => left.Equals(right);

    public static bool operator !=(EthereumAddress left, EthereumAddress right) => !left.Equals(right);
}
