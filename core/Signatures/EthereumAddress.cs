using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace CapOrleans.Core.Signatures;

/// <summary>An address of 20 bytes; written with the mixed-case checksum of EIP-55.</summary>
public readonly struct EthereumAddress : IEquatable<EthereumAddress>
{
    /// <summary>What <see cref="TryParse"/> accepts, for error messages.</summary>
    public const string Rule = "0x and 40 hex digits; mixed case must have a valid checksum, EIP-55 or Rootstock's " +
        "(EIP-1191); write an address with another chain's checksum in lower case";

    /// <summary>
    /// Chains whose wallets and nodes use a checksum of their own (EIP-1191): Rootstock's main and test networks.
    /// </summary>
    private static readonly string[] ChainsWithOwnChecksum = ["30", "31"];

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
    /// Reads <c>0x</c> and 40 hex digits. All lower or all upper case is accepted as is; mixed case must carry the
    /// right checksum, since a person may have typed it: that of EIP-55, or that of a chain with its own spelling.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out EthereumAddress address)
    {
        if (!TryParseAnyCase(text, out address))
        {
            return false;
        }

        var (digits, read) = (text[2..], address);
        var mixed = digits.AsSpan().ContainsAnyInRange('a', 'f') && digits.AsSpan().ContainsAnyInRange('A', 'F');
        return !mixed || digits == read.Spell("")[2..] || ChainsWithOwnChecksum.Any(chain => digits == read.Spell(chain)[2..]);
    }

    /// <summary>
    /// Reads <c>0x</c> and 40 hex digits in any case: for use where something else proves the address, such as a
    /// signature, or where a machine wrote it. Chains and legacy clients spell addresses in many ways.
    /// </summary>
    public static bool TryParseAnyCase([NotNullWhen(true)] string? text, out EthereumAddress address)
    {
        address = default;
        Span<byte> bytes = stackalloc byte[20];
        if (text is not { Length: 42 } || text[0] != '0' || text[1] is not ('x' or 'X')
            || Convert.FromHexString(text.AsSpan(2), bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        address = new EthereumAddress(bytes);
        return true;
    }

    public byte[] ToArray()
    {
        var bytes = new byte[20];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, high);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(16), low);
        return bytes;
    }

    public override string ToString() => Spell("");

    public bool Equals(EthereumAddress other) => high == other.high && low == other.low;

    public override bool Equals(object? obj) => obj is EthereumAddress other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(high, low);

    public static bool operator ==(EthereumAddress left, EthereumAddress right) => left.Equals(right);

    public static bool operator !=(EthereumAddress left, EthereumAddress right) => !left.Equals(right);

    /// <param name="chain">Chain id that is hashed with the digits (EIP-1191); empty for EIP-55.</param>
    private string Spell(string chain)
    {
        var digits = Convert.ToHexStringLower(ToArray());
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash(Encoding.ASCII.GetBytes(chain.Length == 0 ? digits : $"{chain}0x{digits}"), hash);
        var text = new char[42];
        (text[0], text[1]) = ('0', 'x');
        for (var i = 0; i < 40; i++)
        {
            var nibble = (hash[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0xF;
            text[i + 2] = nibble >= 8 ? char.ToUpperInvariant(digits[i]) : digits[i];
        }

        return new string(text);
    }
}
