using System.Numerics;

namespace CapOrleans.Chain.Rlp;

/// <summary>Recursive Length Prefix, Ethereum's encoding of nested byte strings (yellow paper, appendix B).</summary>
public abstract record RlpItem
{
    public static RlpItem Bytes(ReadOnlySpan<byte> value) => new RlpBytes(value.ToArray());

    /// <summary>Big endian without leading zeros; zero is the empty string.</summary>
    public static RlpItem Number(BigInteger value) =>
        new RlpBytes(value.IsZero ? [] : value.ToByteArray(isUnsigned: true, isBigEndian: true));

    /// <summary>Bytes that stand for an integer: leading zeros are dropped.</summary>
    public static RlpItem Number(ReadOnlySpan<byte> bigEndian) => new RlpBytes(bigEndian.TrimStart((byte)0).ToArray());

    public static RlpItem List(params IReadOnlyList<RlpItem> items) => new RlpList(items);

    public byte[] Encode()
    {
        using var output = new MemoryStream();
        Write(output);
        return output.ToArray();
    }

    protected abstract void Write(MemoryStream output);

    private static void WritePrefix(MemoryStream output, int offset, int length)
    {
        if (length < 56)
        {
            output.WriteByte((byte)(offset + length));
            return;
        }

        var digits = new BigInteger(length).ToByteArray(isUnsigned: true, isBigEndian: true);
        output.WriteByte((byte)(offset + 55 + digits.Length));
        output.Write(digits);
    }

    private sealed record RlpBytes(byte[] Value) : RlpItem
    {
        protected override void Write(MemoryStream output)
        {
            if (Value is not [< 0x80])
            {
                WritePrefix(output, 0x80, Value.Length);
            }

            output.Write(Value);
        }
    }

    private sealed record RlpList(IReadOnlyList<RlpItem> Items) : RlpItem
    {
        protected override void Write(MemoryStream output)
        {
            using var payload = new MemoryStream();
            foreach (var item in Items)
            {
                item.Write(payload);
            }

            WritePrefix(output, 0xC0, (int)payload.Length);
            payload.WriteTo(output);
        }
    }
}
