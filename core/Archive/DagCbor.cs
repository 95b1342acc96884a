using System.Buffers.Binary;

namespace CapOrleans.Core.Archive;

/// <summary>The part of DAG-CBOR that blocks with links need, apart from literal bytes.</summary>
public static class DagCbor
{
    private const int MaxDepth = 32;
    private const byte LinkTag = 42;

    /// <summary>Major types.</summary>
    private const int Bytes = 2, Text = 3, Array = 4, Map = 5, Tag = 6, Simple = 7;

    /// <summary>Reads the links of a block, in the order in which they appear.</summary>
    /// <returns>
    /// False when it is not a DAG-CBOR block, nests deeper than 32 levels, or has a link that
    /// <see cref="Cid.TryRead"/> does not read.
    /// </returns>
    public static bool TryReadLinks(ReadOnlySpan<byte> block, out IReadOnlyList<Cid> links)
    {
        var found = new List<Cid>();
        links = found;
        return TryReadItem(ref block, found, MaxDepth) && block.IsEmpty;
    }

    /// <summary>Encoded length of a link to a <see cref="Cid"/>.</summary>
    internal const int LinkBytes = 41;

    /// <summary>The head of an array.</summary>
    /// <param name="count">0 to 65,535.</param>
    internal static byte[] ArrayHead(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, ushort.MaxValue);
        var bytes = new byte[] { 0x99, 0, 0 };
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(1), (ushort)count);
        return count < 24 ? [(byte)(0x80 | count)] : count < 256 ? [0x98, (byte)count] : bytes;
    }

    /// <summary>A tagged byte string: the identity multibase prefix 00, then the CID.</summary>
    internal static byte[] Link(Cid cid) => [0xD8, LinkTag, 0x58, 0x25, 0x00, .. cid.ToBytes()];

    private static bool TryReadItem(ref ReadOnlySpan<byte> rest, List<Cid> found, int depth)
    {
        if (depth == 0 || !TryReadHead(ref rest, out var major, out var value, out var size))
        {
            return false;
        }

        switch (major)
        {
            case Bytes or Text:
                return TryTake(ref rest, value, out _);
            case Array or Map:
                for (var left = major == Map ? 2 * (UInt128)value : value; left > 0; left--)
                {
                    if (!TryReadItem(ref rest, found, depth - 1))
                    {
                        return false;
                    }
                }

                return true;
            case Tag:
                if (value != LinkTag || !TryReadHead(ref rest, out var inner, out var length, out _) || inner != Bytes
                    || !TryTake(ref rest, length, out var link) || link is not [0, ..] || !Cid.TryRead(link[1..], out var cid))
                {
                    return false;
                }

                found.Add(cid);
                return true;
            default:
                return major != Simple || size == sizeof(double) || (size == 0 && value is >= 20 and <= 22); // a number, false, true, null
        }
    }

    /// <param name="size">Number of bytes of the value after the first byte.</param>
    private static bool TryReadHead(ref ReadOnlySpan<byte> rest, out int major, out ulong value, out int size)
    {
        (major, value, size) = (0, 0, 0);
        if (!TryTake(ref rest, 1, out var first))
        {
            return false;
        }

        (major, value) = (first[0] >> 5, (ulong)(first[0] & 0x1F));
        if (value < 24)
        {
            return true;
        }

        size = value < 28 ? 1 << (int)(value - 24) : 0;
        if (size == 0 || !TryTake(ref rest, (ulong)size, out var bytes))
        {
            return false;
        }

        value = 0;
        foreach (var next in bytes)
        {
            value = (value << 8) | next;
        }

        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, ulong count, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (count > (ulong)rest.Length)
        {
            return false;
        }

        taken = rest[..(int)count];
        rest = rest[(int)count..];
        return true;
    }
}
