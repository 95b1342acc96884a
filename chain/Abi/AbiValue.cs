using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain.Abi;

/// <summary>A value in the contract ABI's encoding (Solidity ABI specification 1.0): words of 32 bytes, tails for what has no fixed size.</summary>
public abstract record AbiValue
{
    private const int WordBytes = 32;

    protected abstract bool IsDynamic { get; }

    public static AbiValue Bytes32(ReadOnlySpan<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(value.Length, WordBytes);
        return new Word(value.ToArray());
    }

    /// <param name="value">Signed or unsigned, within 256 bits.</param>
    public static AbiValue Number(BigInteger value)
    {
        var word = new byte[WordBytes];
        word.AsSpan().Fill(value.Sign < 0 ? (byte)0xFF : (byte)0);
        var bytes = value.ToByteArray(isUnsigned: value.Sign >= 0, isBigEndian: true);
        bytes.CopyTo(word.AsSpan(WordBytes - bytes.Length));
        return new Word(word);
    }

    public static AbiValue Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public static AbiValue Bytes(ReadOnlySpan<byte> value) => new ByteString(value.ToArray());

    public static AbiValue Tuple(params IReadOnlyList<AbiValue> members) => new Sequence(members, Counted: false);

    public static AbiValue Array(IEnumerable<AbiValue> items) => new Sequence([.. items], Counted: true);

    /// <param name="signature">For example <c>storeAudit(string,bytes32,string)</c>.</param>
    /// <returns>Selector and encoded arguments.</returns>
    public static byte[] Call(string signature, params IReadOnlyList<AbiValue> arguments) =>
        [.. Keccak256.Hash(Encoding.ASCII.GetBytes(signature)).AsSpan(0, 4), .. new Sequence(arguments, Counted: false).Encode()];

    public abstract byte[] Encode();

    private static byte[] Length(int value)
    {
        var word = new byte[WordBytes];
        BinaryPrimitives.WriteInt32BigEndian(word.AsSpan(WordBytes - sizeof(int)), value);
        return word;
    }

    private sealed record Word(byte[] Value) : AbiValue
    {
        protected override bool IsDynamic => false;

        public override byte[] Encode() => Value;
    }

    private sealed record ByteString(byte[] Value) : AbiValue
    {
        protected override bool IsDynamic => true;

        public override byte[] Encode()
        {
            var padding = (WordBytes - (Value.Length % WordBytes)) % WordBytes;
            return [.. Length(Value.Length), .. Value, .. new byte[padding]];
        }
    }

    /// <summary>Heads first, then tails; an offset counts from the start of the heads.</summary>
    private sealed record Sequence(IReadOnlyList<AbiValue> Members, bool Counted) : AbiValue
    {
        protected override bool IsDynamic => Counted || Members.Any(member => member.IsDynamic);

        public override byte[] Encode()
        {
            var encoded = Members.Select(member => member.Encode()).ToList();
            var headBytes = Members.Select((member, i) => member.IsDynamic ? WordBytes : encoded[i].Length).Sum();
            using var heads = new MemoryStream();
            using var tails = new MemoryStream();
            for (var i = 0; i < encoded.Count; i++)
            {
                heads.Write(Members[i].IsDynamic ? Length(headBytes + (int)tails.Length) : encoded[i]);
                tails.Write(Members[i].IsDynamic ? encoded[i] : []);
            }

            return [.. Counted ? Length(Members.Count) : [], .. heads.ToArray(), .. tails.ToArray()];
        }
    }
}
